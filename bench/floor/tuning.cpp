#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "links.h"
#include "plugins.h"

namespace cni::floor {
namespace {

// A file that is there as long as something is not what it was: lines of a name and a value, each
// in quotes. The name is "mtu", or a parameter's path.
Text backup_of(const Input& input) {
    Text path;
    path << input.text("dataDir") << "/" << input.container_id << "_" << input.ifname << ".json";
    return path;
}

Text read_text(const char* path) {
    char text[1000];
    const int file = checked(::open(path, O_RDONLY | O_CLOEXEC), path);
    const auto size = checked(static_cast<int>(::read(file, text, sizeof text)), path);
    ::close(file);
    Text result;
    return result << std::string_view(text, static_cast<std::size_t>(size));
}

void write_text(const char* path, std::string_view text) {
    const int file = checked(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
    if (::write(file, text.data(), text.size()) < 0) fail(path);
    ::close(file);
}

// "net.ipv4.conf.IFNAME.arp_filter"
Text path_of(std::string_view parameter, const char* ifname) {
    constexpr std::string_view placeholder = "IFNAME";
    Text path;
    path << "/proc/sys/";
    for (; !parameter.empty(); parameter.remove_prefix(1))
        if (parameter.starts_with(placeholder)) {
            path << ifname;
            parameter.remove_prefix(placeholder.size() - 1);
        } else {
            path << (parameter.starts_with('.') ? "/" : std::string_view(parameter.data(), 1));
        }
    return path;
}

void set_mtu(const Socket& container, const Input& input, unsigned mtu) {
    ifinfomsg header{};
    header.ifi_index = container.index_of(input.ifname);
    Datagram datagram;
    container.send(datagram.message(RTM_NEWLINK, 0, header).put_u32(IFLA_MTU, mtu), "set the MTU");
}

unsigned mtu_of(const Socket& container, const Input& input) {
    ifreq request{};
    std::strncpy(request.ifr_name, input.ifname, IFNAMSIZ - 1);
    checked(::ioctl(container.fd(), SIOCGIFMTU, &request), "ask for the MTU");
    return static_cast<unsigned>(request.ifr_mtu);
}

// Calls `visit` with path and value of each parameter that is to be set.
template <typename F>
void for_each_parameter(const Input& input, F&& visit) {
    std::string_view rest = input.object("sysctl");
    for (std::string_view name; !(name = take_quoted(rest)).empty();)
        visit(path_of(name, input.ifname), take_quoted(rest));
}

void note(Text& backup, std::string_view name, std::string_view value) {
    if (value.ends_with('\n')) value.remove_suffix(1);
    backup << "\"" << name << "\" \"" << value << "\"\n";
}

}  // namespace

void add_tuning(const Input& input) {
    const Socket container = enter_container(input);
    const unsigned mtu = input.number("mtu");
    Text backup, old_mtu;
    if (mtu) note(backup, "mtu", (old_mtu << mtu_of(container, input)).view());
    for_each_parameter(input, [&](const Text& path, std::string_view) {
        note(backup, path.view(), read_text(path.c_str()).view());
    });
    make_directory(input.text("dataDir"));
    write_text(backup_of(input).c_str(), backup.view());

    if (mtu) set_mtu(container, input, mtu);
    for_each_parameter(
        input, [&](const Text& path, std::string_view value) { overwrite(path.c_str(), value); });
    print_result(input);
}

void del_tuning(const Input& input) {
    const Text path = backup_of(input), backup = read_text(path.c_str());
    const Socket container = enter_container(input);
    std::string_view rest = backup.view();
    for (std::string_view name; !(name = take_quoted(rest)).empty();) {
        std::string_view value = take_quoted(rest);
        if (name == "mtu") {
            set_mtu(container, input, take_number(value));
        } else {
            Text parameter;
            overwrite((parameter << name).c_str(), value);
        }
    }
    ::unlink(path.c_str());
}

}  // namespace cni::floor
