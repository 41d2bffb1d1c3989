#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cni/result.h"
#include "container/container.h"
#include "container/place.h"

namespace cni::dhcp {

/// A container's interface, for as long as something is done on it: it holds the namespace.
class Interface {
public:
    /// Throws Error(invalid_netns) for a path that is no network namespace, NlError(ENODEV).
    static Interface open(const std::string& netns, const std::string& ifname);
    /// The one that was open when `place` was taken, whatever it is called now; nullopt when it or
    /// its namespace is gone, or the path leads to another one.
    static std::optional<Interface> find(const std::string& netns, const Place& place);

    const Netns& netns() const { return container_->netns; }
    const Link& link() const { return link_; }
    Place place() const { return place_of(*container_, link_.index); }

    /// Lets it have addresses of IPv6, to be called before it is up, so that its link-local one can
    /// be used at once. Throws Error where it cannot have any.
    void allow_ipv6();
    /// Brings it up, and has the kernel notice that it can send.
    void bring_up();
    /// Whether a router that the kernel has heard says that hosts make their addresses of IPv6
    /// themselves: flag M of its advertisement is not set (RFC 4861, 4.2).
    bool is_told_to_do_without_dhcp6();
    /// Gives it a smaller MTU, in bytes; never a larger one, which what it is on may not bear, nor
    /// one with which the kernel takes IPv6 from an interface that has it.
    void lower_mtu(int mtu);
    bool has_address(const Ip& address);
    bool has_all(const std::vector<Prefix>& addresses);
    /// Replaces what it was given of one lease by what another one says. Routes of others, which go
    /// when an address of IPv4 does, are put back, a thousand at most.
    void replace(const Result& old, const Result& now);
    /// Takes addresses away that it may have, and with them their routes.
    void remove(const std::vector<Prefix>& addresses);

private:
    Interface(std::unique_ptr<Container> container, Link link)
        : container_(std::move(container)), link_(std::move(link)) {}
    bool has_any_ipv4(const Result& result);
    void replace_routes(const Result& old, const Result& now);
    void replace_address(const Result& old, const Result& now);
    std::unique_ptr<Container> container_;
    Link link_;
};

}  // namespace cni::dhcp
