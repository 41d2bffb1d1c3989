#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "output.h"
#include "plugins.h"

namespace cni::floor {
namespace {

Text directory_of(const Input& input) {
    Text path;
    path << input.text("dataDir") << "/" << input.text("name");
    return path;
}

/// The directory that others hand out addresses from as well, locked until the process ends.
class Leases {
public:
    explicit Leases(const Input& input) {
        const Text path = directory_of(input);
        while ((directory_ = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
            make_directory(path.view());
        const int lock = checked(open("lock", O_RDONLY | O_CREAT), "open the lock");
        checked(::flock(lock, LOCK_EX), "lock");
    }

    int open(const char* name, int flags) const {
        return ::openat(directory_, name, flags | O_CLOEXEC, 0600);
    }
    void remove(const char* name) const { ::unlinkat(directory_, name, 0); }

private:
    int directory_;
};

// In place: what is replaced, or emptied first, costs a thousand times as much on some disks.
void note(int file, const Text& last, ssize_t old_size) {
    const auto size = static_cast<ssize_t>(last.view().size());
    if (::pwrite(file, last.c_str(), last.view().size(), 0) < 0) fail("note an address");
    if (size < old_size) checked(::ftruncate(file, size), "note an address");
}

// The one behind the last, around the network, neither its own address, its gateway's nor
// broadcast's.
std::uint32_t next_of(Prefix network, std::uint32_t ip) {
    const std::uint32_t first = network.first().ip + 1, end = network.ip | ~network.mask();
    return ip + 1 < first || ip + 1 >= end ? first : ip + 1;
}

Prefix claim(const Leases& leases, const Input& input) {
    const Prefix network = input.prefix("subnet");
    const int last_file =
        checked(leases.open("last_reserved_ip.0", O_RDWR | O_CREAT), "open last_reserved_ip.0");
    char last[64];
    const ssize_t last_size = ::read(last_file, last, sizeof last);
    Prefix candidate{last_size > 0 ? Input::parse_prefix({last, std::size_t(last_size)}).ip : 0,
                     network.length};
    for (;;) {
        candidate.ip = next_of(network, candidate.ip);
        Text name, content;
        const int file = leases.open(name.address(candidate).c_str(), O_WRONLY | O_CREAT | O_EXCL);
        if (file < 0 && errno == EEXIST) continue;
        checked(file, "make a lease");
        content << input.container_id << "\r\n" << input.ifname;
        if (::write(file, content.c_str(), content.view().size()) < 0) fail("write a lease");
        note(last_file, name, last_size);
        return candidate;
    }
}

void print_address(Prefix address) {
    Text text;
    text << R"({"cniVersion":"1.0.0","ips":[{"address":")";
    text.address(address) << "/" << static_cast<unsigned>(address.length) << R"("}]})"
                          << "\n";
    print(text.view());
}

}  // namespace

void add_host_local(const Input& input) {
    print_address(claim(Leases(input), input));
}

void del_host_local(const Input& input) {
    Text name;
    Leases(input).remove(name.address(input.prefix("address")).c_str());
}

void add_static(const Input& input) {
    print_address(input.prefix("address"));
}

void del_static(const Input&) {}

}  // namespace cni::floor
