#include "netlink/bridge_vlan.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace cni {
namespace {

constexpr std::uint16_t first_id = 1, last_id = 4094;

NlMessage port_message(int type, const Link& port) {
    ifinfomsg header{};
    // With another family RTM_DELLINK would delete the link itself, and RTM_SETLINK would not reach
    // its bridge.
    header.ifi_family = AF_BRIDGE;
    header.ifi_index = port.index;
    NlMessage message(type, 0);
    message.header(header);
    return message;
}

void put_vlan(NlMessage& message, std::uint16_t id, std::uint16_t flags) {
    const bridge_vlan_info info{.flags = flags, .vid = id};
    message.put(IFLA_BRIDGE_VLAN_INFO, &info, sizeof info);
}

std::uint16_t flags_of(const PortVlan& vlan) {
    return static_cast<std::uint16_t>((vlan.pvid ? BRIDGE_VLAN_INFO_PVID : 0) |
                                      (vlan.untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0));
}

// Runs of tagged ids go as ranges: a trunk may have thousands of ids. The kernel refuses a range
// with a PVID in it: br_process_vlan_info(), net/bridge/br_netlink.c.
void put_vlans(NlMessage& message, const std::vector<PortVlan>& vlans) {
    for (std::size_t i = 0, end; i < vlans.size(); i = end) {
        const std::uint16_t flags = flags_of(vlans[i]);
        for (end = i + 1; end < vlans.size() && flags == 0 && flags_of(vlans[end]) == 0 &&
                          vlans[end].id == vlans[end - 1].id + 1;)
            ++end;
        if (end == i + 1) {
            put_vlan(message, vlans[i].id, flags);
        } else {
            put_vlan(message, vlans[i].id, BRIDGE_VLAN_INFO_RANGE_BEGIN);
            put_vlan(message, vlans[end - 1].id, BRIDGE_VLAN_INFO_RANGE_END);
        }
    }
}

// One entry of a RTM_NEWVLAN message: an id, or a range of ids with the same flags.
void collect(std::vector<PortVlan>& found, const nlattr* entry) {
    const NlAttributes<BRIDGE_VLANDB_ENTRY_MAX> attributes(entry);
    const auto* info = attributes.get<bridge_vlan_info>(BRIDGE_VLANDB_ENTRY_INFO);
    if (!info) return;
    const auto last = attributes.get_or<std::uint16_t>(BRIDGE_VLANDB_ENTRY_RANGE, info->vid);
    for (unsigned id = info->vid; id <= last && id <= last_id; ++id)
        found.push_back({static_cast<std::uint16_t>(id), (info->flags & BRIDGE_VLAN_INFO_PVID) != 0,
                         (info->flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0});
}

}  // namespace

NlRequest add_vlans(const Link& port, const std::vector<PortVlan>& vlans) {
    NlMessage message = port_message(RTM_SETLINK, port);
    message.nest(IFLA_AF_SPEC, [&] { put_vlans(message, vlans); });
    return {std::move(message), cat("failed to setup vlan tag on interface ", quote(port.name))};
}

NlRequest remove_all_vlans(const Link& port) {
    NlMessage message = port_message(RTM_DELLINK, port);
    // Ids of the range that the port does not have are passed over by the kernel.
    message.nest(IFLA_AF_SPEC, [&] {
        put_vlan(message, first_id, BRIDGE_VLAN_INFO_RANGE_BEGIN);
        put_vlan(message, last_id, BRIDGE_VLAN_INFO_RANGE_END);
    });
    return {std::move(message),
            cat("failed to remove default vlan on interface ", quote(port.name))};
}

NlRequest add_own_vlan(const Link& bridge, std::uint16_t id) {
    NlMessage message = port_message(RTM_SETLINK, bridge);
    message.nest(IFLA_AF_SPEC, [&] {
        // Without the flag it would be a request to what the bridge is a port of.
        message.put_u16(IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
        put_vlan(message, id, 0);
    });
    return {std::move(message), cat("make bridge ", bridge.name, " a member of its VLAN ", id)};
}

std::vector<PortVlan> vlans(Rtnl& rtnl, const Link& port) {
    std::vector<PortVlan> found;
    const auto query = [&] {
        br_vlan_msg header{};
        header.family = AF_BRIDGE;
        header.ifindex = static_cast<unsigned>(port.index);
        NlMessage message(RTM_GETVLAN, 0);
        message.header(header);
        return message;
    };
    const auto visit = [&](const nlmsghdr* m) {
        const int header_size = static_cast<int>(sizeof(br_vlan_msg));
        if (nlmsg_datalen(m) < header_size) return;
        if (static_cast<const br_vlan_msg*>(nlmsg_data(m))->ifindex !=
            static_cast<unsigned>(port.index))
            return;
        // One attribute for each range, all of the same number: a table by number would keep one.
        const nlattr* attribute = nlmsg_attrdata(m, header_size);
        int left = nlmsg_attrlen(m, header_size);
        for (; nla_ok(attribute, left); attribute = nla_next(attribute, &left))
            if (nla_type(attribute) == BRIDGE_VLANDB_ENTRY) collect(found, attribute);
    };
    rtnl.dump(query, cat("list VLANs of ", port.name), visit, [&] { found.clear(); });
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace cni
