#include <optional>

#include "attach/configure.h"
#include "attach/forwarding.h"
#include "attach/new_attachment.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "commands.h"
#include "gateway.h"
#include "host_side.h"
#include "vlan_interface.h"

namespace cni::bridge {
namespace {

void enable_spoof_check(NewAttachment& attachment, const VethPair& veth) {
    attachment.request.step("add spoof check");
    const Owner owner = owner_of(attachment.request);
    attachment.on_failure("remove the spoof check", [&attachment, owner] {
        remove_spoof_checking(attachment.nft(), attachment.host, owner, {});
    });
    add_spoof_checking(attachment.nft(), attachment.host, owner, veth.host.name,
                       veth.container.mac);
}

// Shared with others: never undone. Returns the bridge's interface of the VLAN, if it has one.
std::optional<Link> set_gateway(NewAttachment& attachment, const Config& config,
                                const Bridge& bridge, const Result& result) {
    attachment.request.step("set gateway");
    std::optional<Link> vlan_interface;
    if (config.vlan != 0)
        vlan_interface = ensure_vlan_interface(attachment.host, config, bridge.link);
    ensure_gateway(attachment.host, vlan_interface.value_or(bridge.link), bridge.addresses,
                   gateway_addresses(result), config);
    return vlan_interface;
}

// For an IPAM plugin that asks a server on the bridge.
void open_way(NewAttachment& attachment, const VethPair& veth) {
    attachment.container.rtnl.apply(set_up(veth.container));
    bring_up_port(attachment.host, veth.host);
}

// The host end comes up last: a pair of which the other end is up already costs the kernel less.
Link bring_up(NewAttachment& attachment, const Config& config, const VethPair& veth,
              const Result& result) {
    attachment.request.step("bring up");
    Container& container = attachment.container;
    if (config.leave_container_link_down) {
        attachment.host.apply(set_up(veth.host));
        return veth.host;
    }
    Link port = bring_up_port(attachment.host, veth.host);
    if (config.dad == Dad::on && has_family(result, Family::v6)) {
        container.rtnl.get(veth.container.name);
        settle_addresses(container, veth.container);
    }
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent, the announcement first.
    container.rtnl.apply(get_link(veth.container.name), announce(veth.container));
    await_addresses(container, result);
    return port;
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    NewAttachment attachment(request);
    Rtnl& host = attachment.host;
    attachment.start_ipam();

    request.step("make bridge");
    const Bridge bridge = ensure_bridge(host, config);  // shared with others: never undone
    const VethPair veth =
        attachment.make_veth_pair({.container_mac = config.mac ? *config.mac : Mac::random(),
                                   .master = bridge.link.index,
                                   .mtu = config.mtu});
    request.step("configure port");
    refuse_router_advertisements(veth.host.name);
    configure_port(host, veth.host, config);

    if (config.layer3) prepare_interface(attachment.container, veth.container, config.dad);

    if (attachment.ipam_needs_link()) open_way(attachment, veth);
    Result result = attachment.finish_ipam();
    // From here on rules are replaced that an earlier ADD may have made for a container that lives:
    // then IPAM has refused.
    if (config.spoof_check) enable_spoof_check(attachment, veth);
    std::optional<Link> vlan_interface;
    if (config.layer3) {
        request.step("configure interface");
        complete_ipam_result(result, config);
        configure_interface(attachment.container, veth.container, result, config.dad);
        if (config.is_gateway) vlan_interface = set_gateway(attachment, config, bridge, result);
        if (config.ip_masq) attachment.masquerade(config.masquerade_backend, result);
    } else if (!config.leave_container_link_down) {
        attachment.container.rtnl.apply(set_up(veth.container));
    }

    const Link port = bring_up(attachment, config, veth, result);
    request.step("describe");
    std::vector<Interface> interfaces = {
        attachment.on_host(keep_mac(host, config, bridge.link)), attachment.on_host(port),
        attachment.in_container(attachment.current(veth.container))};
    if (vlan_interface) interfaces.push_back(attachment.on_host(*vlan_interface));
    return attachment.finish(std::move(result), std::move(interfaces));
}

}  // namespace cni::bridge
