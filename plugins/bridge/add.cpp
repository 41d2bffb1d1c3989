#include <optional>

#include "attach/configure.h"
#include "attach/container.h"
#include "attach/forwarding.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "gateway.h"
#include "host_side.h"
#include "vlan_interface.h"

namespace cni::bridge {
namespace {

/// What the steps of an ADD work with.
struct Context {
    explicit Context(const Request& r)
        : request(r),
          config(parse_config(r)),
          ipam(r),
          netns(open_container(r.args)),
          container(Rtnl::in(netns)) {
        if (config.spoof_check || (config.layer3 && config.ip_masq)) nft.emplace();
    }

    const Request& request;
    const Config config;
    const Ipam ipam;
    const Netns netns;
    Rtnl host, container;
    std::optional<nft::Connection> nft;
};

// What can be known before anything is changed.
void require_possible(Context& c) {
    if (!c.config.layer3) Result{}.require_printable(c.request.conf.cni_version);
    require_new_interface(c.container, c.request.args);
}

void enable_spoof_check(Context& c, const VethPair& veth, Undo& undo) {
    c.request.step("add spoof check");
    undo.on_failure("remove the spoof check",
                    [&c] { remove_spoof_checking(*c.nft, owner_of(c.request), {}); });
    add_spoof_checking(*c.nft, owner_of(c.request), veth.host.name, veth.container.mac);
}

void masquerade(Context& c, const Result& result, Undo& undo) {
    c.request.step("add masquerading");
    undo.on_failure("remove the masquerading",
                    [&c, result] { remove_masquerading(*c.nft, owner_of(c.request), result); });
    add_masquerading(*c.nft, c.config.masquerade_backend, owner_of(c.request), result);
}

// The host end comes up last: a pair of which the other end is up already costs the kernel less.
Link bring_up(Context& c, const VethPair& veth, const Result& result) {
    c.request.step("bring up");
    if (c.config.leave_container_link_down) {
        c.host.apply(set_up(veth.host));
        return veth.host;
    }
    Link port = bring_up_port(c.host, veth.host);
    if (c.config.dad == Dad::on && has_family(result, Family::v6)) {
        c.container.get(veth.container.name);
        settle_addresses(c.container, c.netns, veth.container);
    }
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent, the announcement first.
    c.container.apply(get_link(veth.container.name), announce(veth.container));
    return port;
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    Context c(request);
    const Config& config = c.config;
    require_possible(c);

    // The IPAM plugin works while the links are made.
    std::optional<Ipam::Allocation> allocation;
    Undo undo(request.steps);
    if (config.layer3) {
        allocation.emplace(c.ipam.start_add());
        undo.on_failure("release the addresses",
                        [&c, &allocation] { release_addresses(c.host, c.request, *allocation); });
    }

    request.step("make bridge");
    const Bridge bridge = ensure_bridge(c.host, config);  // shared with others: never undone
    const VethPair veth = make_veth_pair(c.host, c.netns, request,
                                         {.container_mac = config.mac ? *config.mac : Mac::random(),
                                          .master = bridge.link.index,
                                          .mtu = config.mtu});
    undo.on_failure("delete the veth pair",
                    [&c, link = veth.host] { c.host.apply(remove_link(link)); });
    request.step("configure port");
    refuse_router_advertisements(veth.host.name);
    configure_port(c.host, veth.host, config);

    Result result;
    if (config.layer3) result = allocation->finish();
    // From here on rules are replaced that an earlier ADD may have made for a container that lives:
    // then IPAM has refused.
    if (config.spoof_check) enable_spoof_check(c, veth, undo);
    std::optional<Link> vlan_interface;
    if (config.layer3) {
        request.step("configure interface");
        complete_ipam_result(result, config);
        configure_interface(c.container, c.netns, veth.container, result, config.dad);
        if (config.is_gateway) {  // shared with others: never undone
            request.step("set gateway");
            if (config.vlan != 0)
                vlan_interface = ensure_vlan_interface(c.host, config, bridge.link);
            ensure_gateway(c.host, vlan_interface.value_or(bridge.link), bridge.addresses,
                           gateway_addresses(result), config);
        }
        if (config.ip_masq) masquerade(c, result, undo);
    } else if (!config.leave_container_link_down) {
        c.container.apply(set_up(veth.container));
    }

    const Link port = bring_up(c, veth, result);
    request.step("describe");
    result.interfaces = {describe(keep_mac(c.host, config, bridge.link), request),
                         describe(port, request),
                         describe(veth.container, request, request.args.netns)};
    if (vlan_interface) result.interfaces.push_back(describe(*vlan_interface, request));
    if (const auto dns = request.conf.dns()) result.dns = *dns;
    undo.commit();
    return result;
}

}  // namespace cni::bridge
