#include "namespaces.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/contains.h"
#include "base/file.h"
#include "netlink/address.h"

namespace cni::tool {
namespace {

// Where ip-netns, CRI-O, containerd and Podman mount them, and where Docker does.
constexpr const char* mount_folders[] = {"/run/netns", "/run/docker/netns"};

std::vector<std::string> names_in(const std::string& folder) try {
    auto dir = find_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, folder);
    return dir ? list_dir(std::move(*dir), folder) : std::vector<std::string>{};
} catch (const Error&) {
    return {};
}

}  // namespace

Namespaces::Namespaces(Rtnl& host) : host_(host) {
    struct stat own {};
    if (::stat("/proc/self/ns/net", &own) == 0) seen_.emplace_back(own.st_dev, own.st_ino);
    for (const char* folder : mount_folders) add_mounted(folder);
    add_of_processes();
}

void Namespaces::add(const std::string& path) {
    struct stat status {};
    // A process may end meanwhile, and one of another user may not be looked at.
    if (::stat(path.c_str(), &status) < 0) return;
    const std::pair identity(status.st_dev, status.st_ino);
    if (contains(seen_, identity)) return;
    try {
        auto netns = Netns::find(path);
        if (!netns) return;
        seen_.push_back(identity);
        list_.push_back(*std::move(netns));
    } catch (const Error& error) {
        problems_.push_back(error.what());
    }
}

void Namespaces::add_mounted(const std::string& folder) {
    for (const std::string& name : names_in(folder)) add(cat(folder, "/", name));
}

void Namespaces::add_of_processes() {
    for (const std::string& name : names_in("/proc"))
        if (parse_int<int>(name)) add(cat("/proc/", name, "/ns/net"));
}

void Namespaces::look_into(const Netns& netns) try {
    Rtnl rtnl = Rtnl::in(netns);
    for (const Address& address : addresses_besides(rtnl, {})) {
        const auto link = rtnl.find(address.link);
        if (link) (*bearers_)[address.prefix.ip].push_back({netns.path(), *link});
    }
} catch (const Error& error) {
    problems_.push_back(error.what());
}

const std::vector<Namespaces::Bearer>& Namespaces::bearers(const Ip& ip) {
    if (!bearers_) {
        bearers_.emplace();
        for (const Netns& netns : list_) look_into(netns);
    }
    return (*bearers_)[ip];
}

std::optional<std::string> Namespaces::path_of(int nsid) {
    if (nsid < 0) return {};
    for (const Netns& netns : list_)
        if (host_.find_nsid(netns) == nsid) return netns.path();
    return {};
}

}  // namespace cni::tool
