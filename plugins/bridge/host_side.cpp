#include "host_side.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>

#include "attach/configure.h"
#include "attach/forwarding.h"
#include "base/hash.h"
#include "netlink/address.h"
#include "netlink/monitor.h"
#include "sys/sysctl.h"

namespace cni::bridge {
namespace {

void create_bridge(Rtnl& host, const Config& config) {
    NlRequest request = add_link({.name = config.bridge,
                                  .mac = Mac::random(),
                                  .mtu = config.mtu,
                                  .kind = cni::Bridge{.vlan_filtering = config.filters_vlans()}});
    request.act = cat("failed to create bridge ", quote(config.bridge), ": could not add ",
                      quote(config.bridge));
    request.tolerated = EEXIST;  // another ADD was faster
    host.apply(std::move(request));
}

std::string_view operstate_name(const Link& link) {
    constexpr std::string_view names[] = {"unknown", "not-present", "down", "lower-layer-down",
                                          "testing", "dormant",     "up"};
    return link.operstate < std::size(names) ? names[link.operstate] : "unknown";
}

// The kernel gives every bridge a link-local one.
bool bears_address(const Bridge& bridge) {
    return std::any_of(bridge.addresses.begin(), bridge.addresses.end(),
                       [](const Prefix& address) { return address.ip.is_global_unicast(); });
}

// The same for all who see the bridge without one at the same time, on this host and on no other.
Mac mac_for_bridge_without(const Link& bridge) {
    char netns[64] = {};
    cni::checked(::readlink("/proc/self/ns/net", netns, sizeof netns - 1),
                 "read /proc/self/ns/net");
    const auto boot = find_sysctl("kernel/random/boot_id").value_or("");
    return Mac::from_hash(sha512_hex(cat(boot, netns, bridge.index, bridge.name)));
}

// Which it takes from its ports otherwise, as they come and go. The first address of a bridge that
// others made is the moment from which hosts know it by its MAC.
void pin_mac(Link& bridge, std::vector<NlRequest>& changes) {
    // What is left of a MAC that was a port's.
    if (bridge.mac.is_zero()) bridge.mac = mac_for_bridge_without(bridge);
    changes.push_back(set_mac(bridge, bridge.mac));
}

}  // namespace

void require_bridge(const Link& link) {
    if (!link.is<cni::Bridge>())
        throw Error(Code::internal,
                    cat("failed to create bridge ", quote(link.name), ": ", quote(link.name),
                        " already exists but is not a bridge"),
                    cat("it is of kind ", quote(link.kind_name())));
}

Bridge ensure_bridge(Rtnl& host, const Config& config) {
    auto found = host.find(config.bridge);
    const bool is_new = !found;
    if (is_new) {
        create_bridge(host, config);
        found = host.get(config.bridge);
    }
    Bridge bridge{.link = *found, .addresses = {}};
    require_bridge(bridge.link);
    std::vector<NlRequest> changes;
    if (is_new) {
        // Until its link-local address is usable, the host cannot ask for a container's MAC.
        if (config.gives_bridge_addresses()) set_dad(bridge.link.name, config.dad);
        refuse_router_advertisements(bridge.link.name);
    } else {
        refuse_router_advertisements_unless_used(host, bridge.link);
        if (config.gives_bridge_addresses()) {
            for (const Address& address : addresses(host, bridge.link))
                bridge.addresses.push_back(address.prefix);
            if (!bears_address(bridge)) pin_mac(bridge.link, changes);
        }
    }
    if (config.filters_vlans() && !bridge.link.as<cni::Bridge>()->vlan_filtering)
        changes.push_back(set_vlan_filtering(bridge.link));
    if (config.promiscuous && !(bridge.link.flags & IFF_PROMISC))
        changes.push_back(set_promiscuous(bridge.link));
    if (!bridge.link.is_up()) changes.push_back(set_up(bridge.link));
    host.transact(changes);
    return bridge;
}

Link keep_mac(Rtnl& host, const Config& config, const Link& before) {
    Link now = host.get(before.name);
    if (!config.gives_bridge_addresses() || now.mac == before.mac) return now;
    host.apply(set_mac(now, before.mac));
    now.mac = before.mac;
    return now;
}

void configure_port(Rtnl& host, const Link& port, const Config& config) {
    std::vector<NlRequest> changes;
    if (config.port.hairpin || config.port.isolated)
        changes.push_back(set_bridge_port(port, config.port));
    const auto vlans = config.port_vlans();
    if (!vlans.empty()) {
        if (!config.preserve_default_vlan) changes.push_back(remove_all_vlans(port));
        changes.push_back(add_vlans(port, vlans));
    }
    host.transact(changes);
}

Link bring_up_port(Rtnl& host, const Link& port) {
    // Asking for a link makes the kernel settle its state first: one look is enough as a rule.
    Link seen = host.apply_and_get(set_up(port), port.name);
    const auto look = [&] {
        seen = host.get(port.name);
        return seen.is_operational();
    };
    if (seen.is_operational() ||
        NlMonitor({RTNLGRP_LINK}).wait(look, std::chrono::milliseconds(2500)))
        return seen;
    throw Error(Code::internal, cat("bridge port in error state: ", operstate_name(seen)),
                cat("port ", port.name));
}

}  // namespace cni::bridge
