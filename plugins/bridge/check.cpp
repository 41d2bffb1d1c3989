#include "attach/check.h"

#include <algorithm>

#include "attach/masquerading.h"
#include "attach/owners.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "gateway.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {
namespace {

Error failure(std::string msg, std::string details = {}) {
    return Error(Code::internal, std::move(msg), std::move(details));
}

template <typename Predicate>
const Interface* find_interface(const Result& result, Predicate predicate) {
    const auto found = std::find_if(result.interfaces.begin(), result.interfaces.end(), predicate);
    return found == result.interfaces.end() ? nullptr : &*found;
}

Link check_bridge(Rtnl& host, const Result& prev, const Config& config) {
    const std::string& name = config.bridge;
    const Interface* recorded =
        find_interface(prev, [&](const Interface& i) { return i.name == name; });
    const auto link = host.find(name);
    if (!recorded || !link) throw failure(cat("Interface name ", name, " not found"));
    if (!recorded->sandbox.empty())
        throw failure(cat("Interface ", name, " should not be in sandbox"));
    if (link->kind != "bridge")
        throw failure(cat("Interface ", name, " does not have link type of bridge"));
    if (!has_recorded_mac(*recorded, *link))
        throw failure(cat("Bridge interface ", name, " Mac doesn't match: ", recorded->mac),
                      cat("it is ", link->mac.to_string()));
    // Another network of the bridge, or a capture, may want it where this one does not care.
    if (config.promiscuous && link->promiscuity == 0)
        throw failure(cat("Bridge interface ", name,
                          " configured Promisc Mode true doesn't match current state: false"));
    if (!link->is_up()) throw failure(cat("Bridge interface ", name, " is down"));
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
    const Interface* recorded =
        find_interface(prev, [&](const Interface& i) { return i.name == port->name; });
    if (!recorded)
        throw failure(cat("Interface name ", port->name, " not found"),
                      "prevResult does not list it");
    if (!recorded->sandbox.empty())
        throw failure(cat("Interface ", port->name, " should not be in sandbox"));
    if (!has_recorded_mac(*recorded, *port))
        throw failure(
            cat("Interface ", port->name, " Mac doesn't match: ", recorded->mac, " not found"));
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
    const Link interface =
        config.vlan == 0 ? bridge : host.get(cat(config.bridge, ".", config.vlan));
    for (const Prefix& gateway : gateway_addresses(result)) {
        const auto found = addresses(host, interface, gateway.ip.family());
        if (std::none_of(found.begin(), found.end(),
                         [&](const Address& a) { return a.prefix == gateway; }))
            throw failure(
                cat("gateway address ", gateway.to_string(), " is not on ", interface.name));
    }
}

void check_rules(const Request& request, const Config& config, const Result& result,
                 const Link& port, const Link& container_end) {
    nft::Connection nft;
    if (config.ip_masq && config.layer3)
        check_masquerading(nft, config.masquerade_backend, owner_of(request), result);
    if (config.spoof_check)
        check_spoof_check(nft, spoof_reference(request.args.container_id, request.args.ifname),
                          port.name, container_end.mac);
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
