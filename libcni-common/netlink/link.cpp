#include "netlink/link.h"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

namespace cni {
namespace {

ifinfomsg header_of(int index, int family = AF_UNSPEC) {
    ifinfomsg header{};
    header.ifi_family = static_cast<unsigned char>(family);
    header.ifi_index = index;
    return header;
}

NlMessage change(const Link& link, unsigned flags = 0) {
    ifinfomsg header = header_of(link.index);
    header.ifi_flags = header.ifi_change = flags;
    NlMessage message(RTM_NEWLINK, 0);
    message.header(header);
    return message;
}

void put_end(NlMessage& message, const VethEnd& end, std::uint32_t mtu) {
    message.put_string(IFLA_IFNAME, end.name);
    message.put(IFLA_ADDRESS, end.mac.bytes);
    if (mtu != 0) message.put_u32(IFLA_MTU, mtu);
    message.put_u32(IFLA_NUM_TX_QUEUES, 1).put_u32(IFLA_NUM_RX_QUEUES, 1);
}

NlMessage query_link(int index) {
    NlMessage message(RTM_GETLINK, 0);
    message.header(header_of(index));
    return message;
}

NlMessage query_link(const std::string& name) {
    NlMessage message = query_link(0);
    message.put_string(IFLA_IFNAME, name);
    return message;
}

void parse_link_info(Link& link, const nlattr* nest) {
    const NlAttributes<IFLA_INFO_MAX> info(nest);
    link.kind = info.string(IFLA_INFO_KIND);
    if (link.kind == "bridge" && info[IFLA_INFO_DATA]) {
        const NlAttributes<IFLA_BR_MAX> bridge(info[IFLA_INFO_DATA]);
        link.vlan_filtering = bridge.get_or<std::uint8_t>(IFLA_BR_VLAN_FILTERING, 0) != 0;
    }
    if (link.kind == "vlan" && info[IFLA_INFO_DATA]) {
        const NlAttributes<IFLA_VLAN_MAX> vlan(info[IFLA_INFO_DATA]);
        link.vlan_id = vlan.get_or<std::uint16_t>(IFLA_VLAN_ID, 0);
    }
    if (info.string(IFLA_INFO_SLAVE_KIND) == "bridge" && info[IFLA_INFO_SLAVE_DATA]) {
        const NlAttributes<IFLA_BRPORT_MAX> port(info[IFLA_INFO_SLAVE_DATA]);
        link.hairpin = port.get_or<std::uint8_t>(IFLA_BRPORT_MODE, 0) != 0;
        link.isolated = port.get_or<std::uint8_t>(IFLA_BRPORT_ISOLATED, 0) != 0;
    }
}

}  // namespace

bool Link::is_up() const {
    return (flags & IFF_UP) != 0;
}

bool Link::is_operational() const {
    return operstate == IF_OPER_UP;
}

Link parse_link(const nlmsghdr* message) {
    Link link;
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(ifinfomsg))) return link;
    const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(message));
    const NlAttributes<IFLA_MAX> attributes(message, sizeof(ifinfomsg));
    link.index = header->ifi_index;
    link.flags = header->ifi_flags;
    link.name = attributes.string(IFLA_IFNAME);
    link.alias = attributes.string(IFLA_IFALIAS);
    if (const Mac* mac = attributes.get<Mac>(IFLA_ADDRESS)) link.mac = *mac;
    link.mtu = attributes.get_or<std::uint32_t>(IFLA_MTU, 0);
    link.operstate = attributes.get_or<std::uint8_t>(IFLA_OPERSTATE, 0);
    link.peer_index = attributes.get_or<int>(IFLA_LINK, 0);
    link.has_peer_elsewhere = attributes[IFLA_LINK_NETNSID] != nullptr;
    link.peer_netnsid = attributes.get_or<int>(IFLA_LINK_NETNSID, -1);
    link.master = attributes.get_or<int>(IFLA_MASTER, 0);
    link.promiscuity = attributes.get_or<std::uint32_t>(IFLA_PROMISCUITY, 0);
    link.txqlen = attributes.get_or<std::uint32_t>(IFLA_TXQLEN, 0);
    if (attributes[IFLA_LINKINFO]) parse_link_info(link, attributes[IFLA_LINKINFO]);
    return link;
}

NlRequest add_bridge(const BridgeOptions& options) {
    NlMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.header(header_of(0));
    message.put_string(IFLA_IFNAME, options.name).put(IFLA_ADDRESS, options.mac.bytes);
    if (options.mtu != 0) message.put_u32(IFLA_MTU, options.mtu);
    message.nest(IFLA_LINKINFO, [&] {
        message.put_string(IFLA_INFO_KIND, "bridge");
        if (!options.vlan_filtering) return;
        message.nest(IFLA_INFO_DATA, [&] { message.put_u8(IFLA_BR_VLAN_FILTERING, 1); });
    });
    return {std::move(message), cat("failed to create bridge ", quote(options.name),
                                    ": could not add ", quote(options.name))};
}

NlRequest add_veth(const VethOptions& options) {
    NlMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.header(header_of(0));
    put_end(message, options.host, options.mtu);
    message.put_u32(IFLA_TXQLEN, 0);
    if (options.master != 0) message.put_u32(IFLA_MASTER, static_cast<unsigned>(options.master));
    message.nest(IFLA_LINKINFO, [&] {
        message.put_string(IFLA_INFO_KIND, "veth");
        message.nest(IFLA_INFO_DATA, [&] {
            message.nest(VETH_INFO_PEER, [&] {
                message.header(header_of(0));
                put_end(message, options.container, options.mtu);
                if (options.container_netns)
                    message.put_u32(IFLA_NET_NS_FD,
                                    static_cast<unsigned>(options.container_netns->fd()));
            });
        });
    });
    return {std::move(message),
            cat("failed to make veth pair ", options.host.name, " and ", options.container.name)};
}

NlRequest get_link(const std::string& name) {
    return {query_link(name), cat("find link ", name)};
}

NlRequest set_up(const Link& link) {
    return {change(link, IFF_UP), cat("set link ", link.name, " up")};
}

NlRequest set_down(const Link& link) {
    NlMessage message(RTM_NEWLINK, 0);
    ifinfomsg header = header_of(link.index);
    header.ifi_change = IFF_UP;
    message.header(header);
    return {std::move(message), cat("set link ", link.name, " down")};
}

NlRequest set_promiscuous(const Link& link) {
    return {change(link, IFF_PROMISC), cat("set link ", link.name, " promiscuous")};
}

NlRequest set_flag(const Link& link, unsigned flag, bool on) {
    NlMessage message(RTM_NEWLINK, 0);
    ifinfomsg header = header_of(link.index);
    header.ifi_flags = on ? flag : 0;
    header.ifi_change = flag;
    message.header(header);
    const std::string_view name = flag == IFF_PROMISC    ? "promiscuous mode"
                                  : flag == IFF_ALLMULTI ? "all-multicast mode"
                                                         : "a flag";
    return {std::move(message), cat("switch ", name, " of ", link.name, on ? " on" : " off")};
}

NlRequest set_txqlen(const Link& link, std::uint32_t packets) {
    NlMessage message = change(link);
    message.put_u32(IFLA_TXQLEN, packets);
    return {std::move(message), cat("set transmit queue length of ", link.name, " to ", packets)};
}

NlRequest set_mtu(const Link& link, std::uint32_t mtu) {
    NlMessage message = change(link);
    message.put_u32(IFLA_MTU, mtu);
    return {std::move(message), cat("set MTU of ", link.name, " to ", mtu)};
}

NlRequest set_mac(const Link& link, const Mac& mac) {
    NlMessage message = change(link);
    message.put(IFLA_ADDRESS, mac.bytes);
    return {std::move(message), cat("set MAC of ", link.name, " to ", mac.to_string())};
}

NlRequest announce(const Link& link) {
    NlRequest request = set_mac(link, link.mac);
    request.act = cat("announce the addresses of ", link.name);
    return request;
}

NlRequest set_alias(const Link& link, const std::string& alias) {
    NlMessage message = change(link);
    message.put(IFLA_IFALIAS, alias.data(), alias.size());
    return {std::move(message), cat("set the alias of ", link.name, " to ", quote(alias))};
}

NlRequest set_vlan_filtering(const Link& bridge) {
    NlMessage message = change(bridge);
    message.nest(IFLA_LINKINFO, [&] {
        message.put_string(IFLA_INFO_KIND, "bridge");
        message.nest(IFLA_INFO_DATA, [&] { message.put_u8(IFLA_BR_VLAN_FILTERING, 1); });
    });
    return {std::move(message), cat("switch VLAN filtering of ", bridge.name, " on")};
}

NlRequest set_master(const Link& link, const Link& master) {
    NlMessage message = change(link);
    message.put_u32(IFLA_MASTER, static_cast<unsigned>(master.index));
    return {std::move(message),
            cat("failed to connect ", quote(link.name), " to bridge ", master.name)};
}

NlRequest set_port(const Link& port, const PortOptions& options) {
    NlMessage message(RTM_SETLINK, 0);
    message.header(header_of(port.index, AF_BRIDGE));
    message.nest(IFLA_PROTINFO, [&] {
        message.put_u8(IFLA_BRPORT_MODE, options.hairpin ? 1 : 0);
        message.put_u8(IFLA_BRPORT_ISOLATED, options.isolated ? 1 : 0);
    });
    return {std::move(message), cat("failed to set hairpin mode and isolation on ", port.name)};
}

NlRequest remove_link(const Link& link) {
    NlMessage message(RTM_DELLINK, 0);
    message.header(header_of(link.index));
    return {std::move(message), cat("delete link ", link.name), ENODEV};
}

Rtnl::Rtnl() : NlSocket(NETLINK_ROUTE) {}

Rtnl Rtnl::in(const Netns& netns) {
    return netns.run([] { return Rtnl(); });
}

std::optional<Link> Rtnl::find(NlMessage query, const std::string& what) {
    std::optional<Link> found;
    std::vector<NlRequest> one;
    one.push_back({std::move(query), cat("find link ", what), ENODEV});
    transact(std::move(one), [&](const nlmsghdr* m) { found = parse_link(m); });
    return found;
}

std::optional<Link> Rtnl::find(const std::string& name) {
    return find(query_link(name), name);
}

std::optional<Link> Rtnl::find(int index) {
    if (index == 0) return {};
    return find(query_link(index), cat("number ", index));
}

std::vector<Link> Rtnl::find_all(const std::vector<std::string>& names) {
    std::vector<NlRequest> queries;
    for (const std::string& name : names)
        queries.push_back({query_link(name), cat("find link ", name), ENODEV});
    std::vector<Link> found;
    transact(std::move(queries), [&](const nlmsghdr* m) { found.push_back(parse_link(m)); });
    return found;
}

std::optional<int> Rtnl::find_nsid(const Netns& other) {
    NlMessage query(RTM_GETNSID, 0);
    query.header(rtgenmsg{.rtgen_family = AF_UNSPEC});
    query.put_u32(NETNSA_FD, static_cast<unsigned>(other.fd()));
    int nsid = NETNSA_NSID_NOT_ASSIGNED;
    request(std::move(query), cat("find the number of network namespace ", other.path()),
            [&](const nlmsghdr* m) {
                nsid = NlAttributes<NETNSA_MAX>(m, sizeof(rtgenmsg)).get_or<int>(NETNSA_NSID, nsid);
            });
    if (nsid < 0) return {};
    return nsid;
}

Link Rtnl::get(const std::string& name) {
    if (auto link = find(name)) return *link;
    throw NlError(cat("find link ", name), ENODEV);
}

Link Rtnl::make_veth(const VethOptions& options) {
    Link host;
    std::vector<NlRequest> both;
    both.push_back(add_veth(options));
    both.push_back(get_link(options.host.name));
    transact(std::move(both), [&](const nlmsghdr* m) { host = parse_link(m); });
    // The kernel takes no label when it makes a link.
    if (!options.host_alias.empty()) apply(set_alias(host, options.host_alias));
    host.alias = options.host_alias;
    return host;
}

// `put` adds what the kernel may choose by; `wanted` is for kernels that do not.
template <typename Put, typename Predicate>
std::vector<Link> Rtnl::list(const std::string& what, Put put, Predicate wanted) {
    std::vector<Link> found;
    const auto query = [&] {
        NlMessage message = query_link(0);
        put(message);
        return message;
    };
    const auto visit = [&](const nlmsghdr* m) {
        Link link = parse_link(m);
        if (wanted(link)) found.push_back(std::move(link));
    };
    dump(query, cat("list ", what), visit, [&] { found.clear(); });
    return found;
}

std::vector<Link> Rtnl::ports(const Link& master) {
    return list(
        cat("ports of ", master.name),
        [&](NlMessage& m) { m.put_u32(IFLA_MASTER, static_cast<unsigned>(master.index)); },
        [&](const Link& link) { return link.master == master.index; });
}

std::vector<Link> Rtnl::links() {
    return list(
        "links", [](NlMessage&) {}, [](const Link&) { return true; });
}

std::vector<Link> Rtnl::veths() {
    return list(
        "veth links",
        [](NlMessage& m) { m.nest(IFLA_LINKINFO, [&] { m.put_string(IFLA_INFO_KIND, "veth"); }); },
        [](const Link& link) { return link.kind == "veth"; });
}

}  // namespace cni
