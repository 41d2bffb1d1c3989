#include "inspect.h"

#include <algorithm>

#include "attach/foreseen.h"
#include "attach/owners.h"
#include "config.h"
#include "gateway.h"
#include "host_side.h"
#include "netfilter/spoof_check.h"
#include "vlan_interface.h"

namespace cni::bridge {
namespace {

// nullopt when it is yet to be made.
std::optional<Link> foresee_bridge(Outlook& outlook, Rtnl& host, const Config& config) {
    auto link = host.find(config.bridge);
    if (link) require_bridge(*link);
    outlook.make_unless(link.has_value(), "bridge", config.bridge,
                        link ? "of the host" : "the host has none of that name");
    const bool filters = link && link->as<cni::Bridge>()->vlan_filtering;
    if (config.filters_vlans() && !filters)
        outlook.set("bridge", config.bridge, "it is to tell VLANs apart");
    if (link && !link->is_up()) outlook.set("bridge", config.bridge, "up");
    return link;
}

void foresee_port(Outlook& outlook, const std::string& port, const Config& config) {
    if (config.port.hairpin) outlook.set("port", port, "hairpin mode");
    if (config.port.isolated) outlook.set("port", port, "isolated from other isolated ports");
    for (const PortVlan& vlan : config.port_vlans())
        outlook.set("port", port,
                    cat("member of VLAN ", vlan.id, vlan.untagged ? ", untagged" : ""));
}

void foresee_spoof_check(Outlook& outlook, const std::string& port) {
    const Owner owner = owner_of(outlook.request);
    const std::string reference = spoof_reference(owner.container_id, owner.ifname);
    nft::Connection nft;
    foresee_table(outlook, nft, spoof_check_table, "for spoof checks");
    outlook.make("chain", spoof_chain(reference),
                 cat("drops what ", port, " sends from another MAC than the container's"));
}

void foresee_gateway(Outlook& outlook, Rtnl& host, const std::optional<Link>& bridge,
                     const Config& config, const Result& result) {
    std::string name = config.bridge;
    std::optional<Link> link = bridge;
    if (config.vlan != 0) {
        name = vlan_interface_name(config);
        link = host.find(name);
        outlook.make_unless(link.has_value(), "interface", name,
                            cat("the host's, on VLAN ", config.vlan, " of ", config.bridge));
    }
    const auto gateways = gateway_addresses(result);
    for (const Family family : both_families) {
        GatewayPlan plan;
        if (link) plan = plan_gateways(host, *link, gateways, config, family);
        for (const Prefix& other : plan.removed)
            outlook.set("address", other.to_string(), cat("off ", name, ": forceAddress"));
        for (const Prefix& gateway : gateways) {
            if (gateway.ip.family() != family) continue;
            const bool is_new = !link || std::ranges::count(plan.added, gateway) != 0;
            outlook.add(is_new ? Foreseen::Act::set : Foreseen::Act::use, "address",
                        gateway.to_string(), cat("on ", name, " of the host: the gateway"));
        }
        if (std::ranges::any_of(gateways, [&](const Prefix& g) { return g.ip.family() == family; }))
            foresee_forwarding(outlook, family);
    }
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request);
    Rtnl host;
    const auto container = foresee_container(outlook, Veth::name);
    const auto bridge = foresee_bridge(outlook, host, config);
    const std::string port =
        foresee_pair(outlook, host, cat("a port of ", config.bridge), config.mtu);
    foresee_port(outlook, port, config);
    Result result = outlook.foresee_ipam();
    if (config.spoof_check) foresee_spoof_check(outlook, port);
    complete_ipam_result(result, config);
    foresee_addressing(outlook, result);
    if (config.layer3 && config.is_gateway) foresee_gateway(outlook, host, bridge, config, result);
    if (config.layer3 && config.ip_masq) {
        nft::Connection nft;
        foresee_masquerading(outlook, nft, config.masquerade_backend, result);
    }
    result.interfaces = {outlook.on_host(config.bridge), outlook.on_host(port),
                         outlook.in_container()};
    outlook.result = std::move(result);
}

}  // namespace cni::bridge
