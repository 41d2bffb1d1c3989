#include "find_device.h"

#include <algorithm>

#include "sysfs.h"

namespace cni::host_device {
namespace {

/// What a configuration names on a bus; either may be "".
struct BusIds {
    std::string pci, auxiliary;
};

// The runtime's word counts more than the configuration's, but for those selectors that name an
// interface.
BusIds bus_ids(const Config& config) {
    const std::string& id = config.device_id;
    if (id.empty()) return {.pci = config.pci_id, .auxiliary = {}};
    if (has_device(Bus::pci, id)) return {.pci = id, .auxiliary = {}};
    if (has_device(Bus::auxiliary, id)) return {.pci = {}, .auxiliary = id};
    throw Error(Code::internal, cat("runtime config DeviceID ", id, " not found or unsupported"),
                "it is neither in /sys/bus/pci/devices nor in /sys/bus/auxiliary/devices");
}

bool is_driven_by_program(const BusIds& ids) {
    constexpr std::string_view drivers[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};
    return !ids.pci.empty() && std::ranges::find(drivers, pci_driver(ids.pci)) != std::end(drivers);
}

Link get_link(Rtnl& host, const std::string& name) {
    if (auto link = host.find(name)) return *link;
    throw Error(
        Code::internal, "Link not found",
        cat("there is no interface ", quote(name), " on the host: another container may have it"));
}

Link get_link(Rtnl& host, const LinkAddress& address) {
    if (auto link = host.find(address)) return *link;
    throw Error(Code::internal, "failed to find physical interface",
                cat("no interface of the host has the address ", address.to_string(),
                    ": another container may have it"));
}

Link select(Rtnl& host, const Config& config, const BusIds& ids) {
    if (!config.device.empty()) return get_link(host, config.device);
    if (!config.address.bytes.empty()) return get_link(host, config.address);
    if (!config.kernel_path.empty()) return get_link(host, interface_of_path(config.kernel_path));
    if (!ids.pci.empty()) return get_link(host, interface_of(Bus::pci, ids.pci));
    return get_link(host, interface_of(Bus::auxiliary, ids.auxiliary));
}

}  // namespace

Device find_device(Rtnl& host, const Config& config) {
    if (config.names_none()) throw no_device();
    const BusIds ids = bus_ids(config);
    if (is_driven_by_program(ids)) return {.link = {}, .pci_id = ids.pci};
    try {
        return {.link = select(host, config, ids), .pci_id = ids.pci};
    } catch (const Error& error) {
        throw Error(error.code, cat("failed to find host device: ", error.msg), error.details);
    }
}

bool is_driven_by_program(const Config& config) {
    return is_driven_by_program(bus_ids(config));
}

}  // namespace cni::host_device
