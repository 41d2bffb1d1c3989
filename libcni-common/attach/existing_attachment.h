#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "attach/departure.h"
#include "cni/plugin.h"
#include "cni/result.h"
#include "container/container.h"

namespace cni {

/// CHECK of a plugin that gave the container an interface. The plugin calls what such plugins
/// compare alike among what it compares itself. Every step throws Error(internal) naming what
/// differs.
class ExistingAttachment {
    Departure departure_;

public:
    /// Opens the container and has the IPAM plugin, if any, check its part. `request` must outlive
    /// the object. Throws what Container does, what the IPAM plugin reports, and
    /// Error(invalid_config) without prevResult.
    explicit ExistingAttachment(const Request& request);

    const Request& request;
    Container container;
    Rtnl host;
    /// prevResult, and the same less the addresses of other interfaces.
    const Result result, own;

    /// What prevResult says of an interface of the host.
    const Interface& recorded_on_host(const std::string& name) const;

    /// The container's interface: as prevResult has it, and of this kind.
    Link check_interface(std::string_view kind);
    /// Of any kind.
    Link check_interface();
    /// The host's end of the pair whose other end `interface` is: proved from both ends, as
    /// prevResult has it, up, and refusing router advertisements.
    Link check_host_end(const Link& interface);
    void check_up(const Link& link) const;
    /// The interface's MTU in bytes, where the configuration has one (0: none): as prevResult tells
    /// it, since another plugin of the list may have changed it, or as configured.
    void check_mtu(const Link& interface, std::uint32_t configured) const;

    /// The interface's addresses and routes: see check_addresses(), check_routes().
    void check_addressing(const Link& interface);

    /// Masquerading of these addresses: see check_masquerading().
    void check_masquerading(const std::optional<std::string>& backend, const Result& addresses);

    /// Opened when it is first asked for.
    nft::Connection& nft() { return departure_.nft(); }
};

}  // namespace cni
