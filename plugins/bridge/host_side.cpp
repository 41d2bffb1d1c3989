#include "host_side.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "attach/configure.h"
#include "netlink/monitor.h"

namespace cni::bridge {
namespace {

void create_bridge(Rtnl& host, const Config& config) {
    NlRequest request = add_bridge({.name = config.bridge,
                                    .mac = Mac::random(),
                                    .mtu = config.mtu,
                                    .vlan_filtering = config.filters_vlans()});
    request.tolerated = EEXIST;  // another ADD was faster
    host.apply(std::move(request));
}

std::string_view operstate_name(const Link& link) {
    constexpr std::string_view names[] = {"unknown", "not-present", "down", "lower-layer-down",
                                          "testing", "dormant",     "up"};
    return link.operstate < std::size(names) ? names[link.operstate] : "unknown";
}

}  // namespace

Link ensure_bridge(Rtnl& host, const Config& config) {
    auto bridge = host.find(config.bridge);
    if (!bridge) {
        create_bridge(host, config);
        bridge = host.get(config.bridge);
    }
    if (bridge->kind != "bridge")
        throw Error(Code::internal,
                    cat("failed to create bridge ", quote(config.bridge), ": ",
                        quote(config.bridge), " already exists but is not a bridge"),
                    cat("it is of kind ", quote(bridge->kind)));
    std::vector<NlRequest> changes;
    if (config.filters_vlans() && !bridge->vlan_filtering.value_or(false))
        changes.push_back(set_vlan_filtering(*bridge));
    if (config.promiscuous && !(bridge->flags & IFF_PROMISC))
        changes.push_back(set_promiscuous(*bridge));
    refuse_router_advertisements(bridge->name);
    if (!bridge->is_up()) changes.push_back(set_up(*bridge));
    host.transact(std::move(changes));
    return *bridge;
}

void configure_port(Rtnl& host, const Link& port, const Config& config) {
    std::vector<NlRequest> changes;
    if (config.port.hairpin || config.port.isolated) changes.push_back(set_port(port, config.port));
    const auto vlans = config.port_vlans();
    if (!vlans.empty()) {
        if (!config.preserve_default_vlan) changes.push_back(remove_all_vlans(port));
        changes.push_back(add_vlans(port, vlans));
    }
    host.transact(std::move(changes));
}

Link ensure_vlan_interface(Rtnl& host, const Config& config, const Link& bridge) {
    const std::string name = cat(config.bridge, ".", config.vlan);
    if (!is_ifname(name))
        throw Error(Code::invalid_config, cat("interface name ", quote(name), " is too long"),
                    "a gateway with \"vlan\" needs a shorter \"bridge\" name");
    // Up comes last: an interface that is down is one that nobody finished.
    if (const auto found = host.find(name); found && found->is_up()) return *found;
    const Mac port_mac = Mac::random();
    std::string port_name = port_mac.to_string();
    std::erase(port_name, ':');
    NlRequest request = add_veth({.host = {cat("veth", port_name.substr(4)), port_mac},
                                  .container = {name, Mac::random()},
                                  .container_netns = nullptr,
                                  .master = bridge.index,
                                  .mtu = bridge.mtu});
    request.tolerated = EEXIST;  // another ADD was faster
    host.apply(std::move(request));
    const Link interface = host.get(name);
    refuse_router_advertisements(name);
    if (interface.kind != "veth") {  // made by hand
        host.apply(set_up(interface));
        return host.get(name);
    }
    const auto port = host.find(interface.peer_index);
    if (!port) throw NlError(cat("find the peer of link ", name), ENODEV);
    refuse_router_advertisements(port->name);
    host.apply(remove_all_vlans(*port), add_vlans(*port, {{config.vlan, true, true}}),
               set_up(*port), set_up(interface));
    // Asking for both makes the kernel take notice of their carriers: they forward from now on.
    host.get(port->name);
    return host.get(name);
}

Link bring_up_port(Rtnl& host, const Link& port) {
    Link seen;
    const auto look = [&] {
        seen = host.get(port.name);
        return seen.is_operational();
    };
    host.apply(set_up(port));
    // Asking for a link makes the kernel settle its state first: one look is enough as a rule.
    if (look() || NlMonitor({RTNLGRP_LINK}).wait(look, std::chrono::milliseconds(2500)))
        return seen;
    throw Error(Code::internal, cat("bridge port in error state: ", operstate_name(seen)),
                cat("port ", port.name));
}

}  // namespace cni::bridge
