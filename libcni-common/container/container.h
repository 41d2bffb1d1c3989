#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cni/args.h"
#include "netlink/link.h"
#include "sys/netns.h"

namespace cni {

/// The container of a call: its network namespace, a netlink socket in there, and the name of the
/// interface that the call is about. Neither copied nor moved, as the socket is not.
class Container {
public:
    /// CNI_NETNS and CNI_IFNAME, for ADD and CHECK. Throws Error(invalid_netns) naming the path,
    /// SysError when the namespace may not be entered.
    explicit Container(const Args& args);
    /// For DEL, which goes on without a namespace: null where Netns::find has none.
    static std::unique_ptr<Container> find(const Args& args);

    Container(Netns its_netns, std::string its_ifname);
    /// One of many, which are looked at and left alone.
    Container(Netns its_netns, std::string its_ifname, NetnsTour& tour);

    const Netns netns;
    Rtnl rtnl;
    const std::string ifname;

    /// The interface, if there is one of the name now.
    std::optional<Link> find_interface() { return rtnl.find(ifname); }
    /// Throws NlError(ENODEV).
    Link get_interface() { return rtnl.get(ifname); }

    /// Runs `body` in the namespace: for /proc/sys, and for sockets to be opened.
    template <typename F>
    decltype(auto) run(F&& body) const {
        return netns.run(std::forward<F>(body));
    }
};

}  // namespace cni
