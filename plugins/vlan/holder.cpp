#include "holder.h"

#include <fcntl.h>

#include "base/file.h"

namespace cni::vlan {
namespace {

constexpr const char* folder = "/run/netns";

/// The VLAN of one parent, which is in the namespace `home`.
struct Use {
    const Vlan& vlan;
    const Link& parent;
    const Netns& home;
};

bool is_on(const Link& link, const Use& use, Rtnl& rtnl, bool is_home) {
    if (link.parent.index != use.parent.index) return false;
    return is_home ? !link.parent.is_elsewhere : rtnl.find_nsid(use.home) == link.parent.netnsid;
}

// `place` is how the answer calls the namespace.
std::optional<std::string> find_in(const Netns& netns, const std::string& place, const Use& use) {
    Rtnl rtnl = Rtnl::in(netns);
    const bool is_home = netns.is_same(use.home);
    for (const Link& link : rtnl.links()) {
        const Vlan* its = link.as<Vlan>();
        if (!its || *its != use.vlan || !is_on(link, use, rtnl, is_home)) continue;
        return cat(link.name, " ", place, link.alias.empty() ? "" : cat(" (", link.alias, ")"));
    }
    return {};
}

std::optional<std::string> find_mounted(const std::string& path, const Use& use) {
    try {
        const auto netns = Netns::find(path);
        if (netns) return find_in(*netns, cat("in ", path), use);
    } catch (const Error&) {  // somebody else's affair
    }
    return {};
}

std::optional<std::string> find_anywhere(const Use& use, const Netns& host,
                                         const Netns& container) {
    if (auto holder = find_in(host, "on the host", use)) return holder;
    if (auto holder = find_in(container, "in the container", use)) return holder;
    for (const std::string& name :
         list_dir(open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, folder), folder))
        if (auto holder = find_mounted(cat(folder, "/", name), use)) return holder;
    return {};
}

}  // namespace

std::optional<std::string> find_holder(const Vlan& vlan, const Link& parent, bool in_container,
                                       const Container& container) {
    try {
        const Netns host = Netns::current();
        const Use use{vlan, parent, in_container ? container.netns : host};
        return find_anywhere(use, host, container.netns);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace cni::vlan
