#include "attach/check.h"

#include <algorithm>

#include "attach/forwarding.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "gateway.h"
#include "vlan_interface.h"

namespace cni::bridge {
namespace {

Error failure(std::string msg, std::string details = {}) {
    return Error(Code::internal, std::move(msg), std::move(details));
}

// An interface in a container may have any name, that of one on the host too.
const Interface& find_on_host(const Result& result, const std::string& name) {
    const Interface* elsewhere = nullptr;
    for (const Interface& interface : result.interfaces) {
        if (interface.name != name) continue;
        if (interface.sandbox.empty()) return interface;
        elsewhere = &interface;
    }
    if (elsewhere) throw failure(cat("Interface ", name, " should not be in sandbox"));
    throw failure(cat("Interface name ", name, " not found"), "prevResult does not list it");
}

// Of a bridge that others made, and gave its address: it has the MAC of a port as long as nobody
// sets one.
bool follows_its_ports(Rtnl& host, const Link& bridge) {
    const auto ports = host.ports(bridge);
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Link& port) { return port.mac == bridge.mac; });
}

Link check_bridge(Rtnl& host, const Result& prev, const Config& config) {
    const std::string& name = config.bridge;
    const Interface& recorded = find_on_host(prev, name);
    const auto link = host.find(name);
    if (!link) throw failure(cat("Interface name ", name, " not found"));
    if (link->kind != "bridge")
        throw failure(cat("Interface ", name, " does not have link type of bridge"));
    // Only where it gives addresses does ADD see to it that a bridge keeps its MAC.
    if (config.gives_bridge_addresses() && !has_recorded_mac(recorded, *link) &&
        !follows_its_ports(host, *link))
        throw failure(cat("Bridge interface ", name, " Mac doesn't match: ", recorded.mac),
                      cat("it is ", link->mac.to_string()));
    // Another network of the bridge, or a capture, may want it where this one does not care.
    if (config.promiscuous && link->promiscuity == 0)
        throw failure(cat("Bridge interface ", name,
                          " configured Promisc Mode true doesn't match current state: false"));
    if (config.filters_vlans() && !link->vlan_filtering.value_or(false))
        throw failure(cat("Bridge interface ", name, " does not filter VLANs"),
                      "a container could reach those of other VLANs");
    if (!link->is_up()) throw failure(cat("Bridge interface ", name, " is down"));
    check_router_advertisements_unless_used(host, *link);
    return *link;
}

Link check_container_end(Rtnl& container, const Result& prev, const Request& request) {
    const std::string& name = request.args.ifname;
    const Interface& recorded = recorded_interface(prev, request.args);
    const auto link = container.find(name);
    if (!link) throw failure(cat("Interface name ", name, " not found"));
    if (link->kind != "veth")
        throw failure(cat("Error: Container interface ", name, " not of type veth"));
    if (!has_recorded_mac(recorded, *link))
        throw failure(cat("Interface ", name, " Mac ", recorded.mac,
                          " doesn't match container Mac: ", link->mac.to_string()));
    return *link;
}

// The port is the peer of the container's end, whatever the names.
Link check_port(Rtnl& host, const Result& prev, const Link& bridge, const Link& container_end) {
    const auto port = host.find(container_end.peer_index);
    if (!port || port->kind != "veth" || port->peer_index != container_end.index ||
        port->master != bridge.index)
        throw failure(cat("CNI veth created for bridge ", bridge.name, " was not found"));
    const Interface& recorded = find_on_host(prev, port->name);
    if (!has_recorded_mac(recorded, *port))
        throw failure(
            cat("Interface ", port->name, " Mac doesn't match: ", recorded.mac, " not found"));
    check_router_advertisements(*port);
    return *port;
}

void check_port_settings(Rtnl& host, const Link& port, const Config& config) {
    const auto differs = [&](std::string_view what) {
        return failure(cat("port ", port.name, " differs from the configuration: ", what));
    };
    if (port.hairpin.value_or(false) != config.port.hairpin) throw differs("hairpin mode");
    if (port.isolated.value_or(false) != config.port.isolated) throw differs("isolation");
    const auto wanted = config.port_vlans();
    if (wanted.empty()) return;
    const auto actual = vlans(host, port);
    for (const PortVlan& vlan : wanted)
        if (std::find(actual.begin(), actual.end(), vlan) == actual.end())
            throw differs(cat("VLAN ", vlan.id));
}

void check_link_state(const Link& container_end, const Link& port, const Config& config) {
    if (!port.is_up()) throw failure(cat("port ", port.name, " is down"));
    if (!config.leave_container_link_down && !container_end.is_up())
        throw failure(cat("Interface ", container_end.name, " is down"));
}

void check_gateways(Rtnl& host, const Link& bridge, const Result& result, const Config& config) {
    const auto gateways = gateway_addresses(result);
    if (gateways.empty()) return;
    const Link interface = config.vlan == 0 ? bridge : get_vlan_interface(host, config, bridge);
    const auto found = addresses(host, interface);
    for (const Prefix& gateway : gateways) {
        if (std::none_of(found.begin(), found.end(),
                         [&](const Address& a) { return a.prefix == gateway; }))
            throw failure(
                cat("gateway address ", gateway.to_string(), " is not on ", interface.name));
        check_forwarding(gateway.ip.family());
    }
}

void check_rules(const Request& request, const Config& config, const Result& result,
                 const Link& port, const Link& container_end) {
    nft::Connection nft;
    if (config.ip_masq && config.layer3)
        check_masquerading(nft, config.masquerade_backend, owner_of(request), result);
    if (config.spoof_check)
        check_spoof_checking(nft, owner_of(request), port.name, container_end.mac);
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    const Netns netns = Netns::open(request.args.netns);
    if (const Ipam ipam(request); ipam.configured()) ipam.check();
    request.step("check links");
    const Result prev = request.conf.require_prev_result();
    const Result own = own_part(prev, request.args);

    Rtnl host;
    Rtnl container = Rtnl::in(netns);
    const Link bridge = check_bridge(host, prev, config);
    const Link container_end = check_container_end(container, prev, request);
    const Link port = check_port(host, prev, bridge, container_end);
    check_link_state(container_end, port, config);
    check_port_settings(host, port, config);
    if (config.layer3) {
        request.step("check addresses");
        check_addresses(container, container_end, own);
        check_routes(container, container_end, own);
        if (config.is_gateway) check_gateways(host, bridge, own, config);
    }
    request.step("check rules");
    check_rules(request, config, own, port, container_end);
}

}  // namespace cni::bridge
