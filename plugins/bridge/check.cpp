#include "attach/check.h"

#include <algorithm>

#include "attach/existing_attachment.h"
#include "attach/forwarding.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "commands.h"
#include "config.h"
#include "gateway.h"
#include "vlan_interface.h"

namespace cni::bridge {
namespace {

// Of a bridge that others made, and gave its address: it has the MAC of a port as long as nobody
// sets one.
bool follows_its_ports(Rtnl& host, const Link& bridge) {
    const auto ports = host.ports(bridge);
    return std::any_of(ports.begin(), ports.end(),
                       [&](const Link& port) { return port.mac == bridge.mac; });
}

Link check_bridge(ExistingAttachment& attachment, const Config& config) {
    Rtnl& host = attachment.host;
    const std::string& name = config.bridge;
    const Interface& recorded = attachment.recorded_on_host(name);
    const auto link = host.find(name);
    if (!link) throw check_failure(cat("Interface name ", name, " not found"));
    if (!link->is<cni::Bridge>())
        throw check_failure(cat("Interface ", name, " does not have link type of bridge"));
    // Only where it gives addresses does ADD see to it that a bridge keeps its MAC.
    if (config.gives_bridge_addresses() && !has_recorded_mac(recorded, *link) &&
        !follows_its_ports(host, *link))
        throw check_failure(cat("Bridge interface ", name, " Mac doesn't match: ", recorded.mac),
                            cat("it is ", link->mac.to_string()));
    // Another network of the bridge, or a capture, may want it where this one does not care.
    if (config.promiscuous && link->promiscuity == 0)
        throw check_failure(
            cat("Bridge interface ", name,
                " configured Promisc Mode true doesn't match current state: false"));
    if (config.filters_vlans() && !link->as<cni::Bridge>()->vlan_filtering)
        throw check_failure(cat("Bridge interface ", name, " does not filter VLANs"),
                            "a container could reach those of other VLANs");
    if (!link->is_up()) throw check_failure(cat("Bridge interface ", name, " is down"));
    check_router_advertisements_unless_used(host, *link);
    return *link;
}

Link check_port(ExistingAttachment& attachment, const Link& bridge, const Link& container_end) {
    Link port = attachment.check_host_end(container_end);
    if (port.master != bridge.index)
        throw check_failure(cat("CNI veth created for bridge ", bridge.name, " was not found"),
                            cat("port ", port.name, " is not one of it"));
    return port;
}

void check_port_settings(Rtnl& host, const Link& port, const Config& config) {
    const auto differs = [&](std::string_view what) {
        return check_failure(cat("port ", port.name, " differs from the configuration: ", what));
    };
    const BridgePort settings = port.bridge_port.value_or(BridgePort{});
    if (settings.hairpin != config.port.hairpin) throw differs("hairpin mode");
    if (settings.isolated != config.port.isolated) throw differs("isolation");
    const auto wanted = config.port_vlans();
    if (wanted.empty()) return;
    const auto actual = vlans(host, port);
    for (const PortVlan& vlan : wanted)
        if (std::find(actual.begin(), actual.end(), vlan) == actual.end())
            throw differs(cat("VLAN ", vlan.id));
}

void check_gateways(Rtnl& host, const Link& bridge, const Result& result, const Config& config) {
    const auto gateways = gateway_addresses(result);
    if (gateways.empty()) return;
    const Link interface = config.vlan == 0 ? bridge : get_vlan_interface(host, config, bridge);
    const auto found = addresses(host, interface);
    for (const Prefix& gateway : gateways) {
        if (std::none_of(found.begin(), found.end(),
                         [&](const Address& a) { return a.prefix == gateway; }))
            throw check_failure(
                cat("gateway address ", gateway.to_string(), " is not on ", interface.name));
        check_forwarding(gateway.ip.family());
    }
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    ExistingAttachment attachment(request);
    const Result& own = attachment.own;
    const Link bridge = check_bridge(attachment, config);
    const Link interface = attachment.check_interface("veth");
    const Link port = check_port(attachment, bridge, interface);
    if (!config.leave_container_link_down) attachment.check_up(interface);
    check_port_settings(attachment.host, port, config);
    if (config.layer3) {
        request.step("check addresses");
        check_addresses(attachment.container, interface, own);
        check_routes(attachment.container, interface, own);
        if (config.is_gateway) check_gateways(attachment.host, bridge, own, config);
    }
    request.step("check rules");
    if (config.ip_masq && config.layer3)
        attachment.check_masquerading(config.masquerade_backend, own);
    if (config.spoof_check)
        check_spoof_checking(attachment.nft(), owner_of(request), port.name, interface.mac);
}

}  // namespace cni::bridge
