#include "netlink/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <span>
#include <utility>

#include "netlink/kinds/identity.h"

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
    // The flags that ifi_change does not name stay, unless it names none: do_setlink(),
    // net/core/rtnetlink.c.
    header.ifi_flags = header.ifi_change = flags;
    NlMessage message(RTM_NEWLINK, 0);
    message.header(header);
    return message;
}

NlMessage query_link(int index) {
    NlMessage message(RTM_GETLINK, 0);
    message.header(header_of(index));
    // Nobody reads the counters, which are half of the answer and most of its cost.
    message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return message;
}

NlMessage query_link(const std::string& name) {
    NlMessage message = query_link(0);
    // Short ones of either sort are found by the one, long ones are all alternative names.
    message.put_string(name.size() < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
    return message;
}

LinkAddress address_of(std::span<const std::uint8_t> bytes) {
    return {{bytes.begin(), bytes.end()}};
}

std::string parse_hardware(const NlAttributes<IFLA_MAX>& attributes) {
    const auto device = attributes.string(IFLA_PARENT_DEV_NAME);
    return device.empty() ? "" : cat(attributes.string(IFLA_PARENT_DEV_BUS_NAME), "/", device);
}

std::vector<std::string> parse_alternative_names(const nlattr* nest) {
    std::vector<std::string> names;
    if (!nest) return names;
    int left = nla_len(nest);
    for (const auto* each = static_cast<const nlattr*>(nla_data(nest)); nla_ok(each, left);
         each = nla_next(each, &left)) {
        const std::string_view name(static_cast<const char*>(nla_data(each)),
                                    static_cast<std::size_t>(nla_len(each)));
        if (nla_type(each) == IFLA_ALT_IFNAME) names.emplace_back(name.substr(0, name.find('\0')));
    }
    return names;
}

NlMessage change_names(int type, int flags, const Link& link, const std::string& name) {
    NlMessage message(type, flags);
    message.header(header_of(link.index));
    message.nest(IFLA_PROP_LIST, [&] { message.put_string(IFLA_ALT_IFNAME, name); });
    return message;
}

NlMessage query_nsid() {
    NlMessage query(RTM_GETNSID, 0);
    query.header(rtgenmsg{.rtgen_family = AF_UNSPEC});
    return query;
}

void parse_link_info(Link& link, const nlattr* nest) {
    const NlAttributes<IFLA_INFO_MAX> info(nest);
    link.kind = parse_kind(info.string(IFLA_INFO_KIND), info[IFLA_INFO_DATA]);
    if (info.string(IFLA_INFO_SLAVE_KIND) == Bridge::name && info[IFLA_INFO_SLAVE_DATA])
        link.bridge_port = BridgePort::parse(info[IFLA_INFO_SLAVE_DATA]);
}

// The words for a pair are those of the reference plugins.
std::string act_of(const NewLink& link) {
    if (const auto* pair = std::get_if<Veth>(&link.kind))
        return cat("failed to make veth pair ", link.name, " and ", pair->peer.name);
    return cat("failed to create ", name_of(link.kind), " ", link.name);
}

void put_place(NlMessage& message, const NewLink& link) {
    const auto put_index = [&](int attribute, int index) {
        if (index != 0) message.put_u32(attribute, static_cast<unsigned>(index));
    };
    put_index(IFLA_MASTER, link.master);
    // rtnl_newlink() (net/core/rtnetlink.c) makes the link in the namespace of IFLA_NET_NS_FD and
    // has its kind look for IFLA_LINK in that of the socket, so that a container gets its interface
    // in one step, which never bears its name among the host's.
    put_index(IFLA_LINK, link.parent);
    // With IFLA_LINK_NETNSID, a number of the new link's namespace, it looks there. Kernels before
    // 6.15 also make the link there and move it: then the name must be free in both.
    if (link.parent_netnsid)
        message.put_u32(IFLA_LINK_NETNSID, static_cast<unsigned>(*link.parent_netnsid));
    if (link.netns) message.put_u32(IFLA_NET_NS_FD, static_cast<unsigned>(link.netns->fd()));
}

}  // namespace

std::string Link::address_text() const {
    if (address.bytes.size() > mac.bytes.size()) return address.to_string();
    return mac.is_zero() ? "" : mac.to_string();
}

std::string Link::pci_id() const {
    constexpr std::string_view bus = "pci/";
    return hardware.starts_with(bus) ? hardware.substr(bus.size()) : "";
}

bool Link::is_up() const {
    return (flags & IFF_UP) != 0;
}

bool Link::is_operational() const {
    return operstate == IF_OPER_UP;
}

// An array of all parameters of IPv6, by number (linux/ipv6.h).
std::int32_t parse_accept_ra(const nlattr* families) {
    const NlAttributes<AF_INET6> by_family(families);
    const auto values = NlAttributes<IFLA_INET6_MAX>(by_family[AF_INET6]).bytes(IFLA_INET6_CONF);
    std::int32_t value = 0;
    constexpr std::size_t place = DEVCONF_ACCEPT_RA * sizeof value;
    if (values.size() >= place + sizeof value)
        std::memcpy(&value, values.data() + place, sizeof value);
    return value;
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
    link.address = address_of(attributes.bytes(IFLA_ADDRESS));
    link.mtu = attributes.get_or<std::uint32_t>(IFLA_MTU, 0);
    link.operstate = attributes.get_or<std::uint8_t>(IFLA_OPERSTATE, 0);
    // Without IFLA_LINK_NETNSID the index is of the namespace that was asked:
    // rtnl_fill_link_netnsid().
    link.parent = {.index = attributes.get_or<int>(IFLA_LINK, 0),
                   .is_elsewhere = attributes[IFLA_LINK_NETNSID] != nullptr,
                   .netnsid = attributes.get_or<int>(IFLA_LINK_NETNSID, -1)};
    link.master = attributes.get_or<int>(IFLA_MASTER, 0);
    link.promiscuity = attributes.get_or<std::uint32_t>(IFLA_PROMISCUITY, 0);
    link.group = attributes.get_or<std::uint32_t>(IFLA_GROUP, 0);
    link.txqlen = attributes.get_or<std::uint32_t>(IFLA_TXQLEN, 0);
    link.hardware = parse_hardware(attributes);
    link.permanent_address = address_of(attributes.bytes(IFLA_PERM_ADDRESS));
    link.alternative_names = parse_alternative_names(attributes[IFLA_PROP_LIST]);
    // Under another family, as a bridge tells of its ports, it is about other things.
    if (header->ifi_family == AF_UNSPEC) link.accept_ra = parse_accept_ra(attributes[IFLA_AF_SPEC]);
    if (attributes[IFLA_LINKINFO]) parse_link_info(link, attributes[IFLA_LINKINFO]);
    return link;
}

NlRequest add_link(const NewLink& link) {
    NlMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    message.header(header_of(link.index));
    put_identity(message, link.name, link.mac, link.mtu);
    if (std::holds_alternative<Veth>(link.kind)) Veth::put_end(message);
    put_place(message, link);
    put_kind(message, link.kind);
    return {std::move(message), act_of(link)};
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
    return set_address(link, address_of(mac.bytes));
}

NlRequest set_address(const Link& link, const LinkAddress& address) {
    NlMessage message = change(link);
    message.put(IFLA_ADDRESS, address.bytes);
    return {std::move(message), cat("set MAC of ", link.name, " to ", address.to_string())};
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

NlRequest rename_link(const Link& link, const std::string& name) {
    NlMessage message = change(link);
    message.put_string(IFLA_IFNAME, name);
    return {std::move(message), cat("rename link ", link.name, " to ", name)};
}

NlRequest add_alternative_name(const Link& link, const std::string& name) {
    return {change_names(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL, link, name),
            cat("give ", link.name, " the alternative name ", name)};
}

NlRequest remove_alternative_name(const Link& link, const std::string& name) {
    return {change_names(RTM_DELLINKPROP, 0, link, name),
            cat("remove the alternative name ", name, " of ", link.name)};
}

NlRequest move_link(const Link& link, const Netns& to, const std::string& name) {
    NlMessage message = change(link);
    message.put_u32(IFLA_NET_NS_FD, static_cast<unsigned>(to.fd()));
    message.put_string(IFLA_IFNAME, name);
    return {std::move(message), cat("move link ", link.name, " to ", to.path(), " as ", name)};
}

NlRequest set_vlan_filtering(const Link& bridge) {
    NlMessage message = change(bridge);
    put_kind(message, Bridge{.vlan_filtering = true});
    return {std::move(message), cat("switch VLAN filtering of ", bridge.name, " on")};
}

NlRequest set_master(const Link& link, const Link& master) {
    NlMessage message = change(link);
    message.put_u32(IFLA_MASTER, static_cast<unsigned>(master.index));
    return {std::move(message),
            cat("failed to connect ", quote(link.name), " to bridge ", master.name)};
}

NlRequest set_bridge_port(const Link& port, const BridgePort& settings) {
    NlMessage message(RTM_SETLINK, 0);
    // The family makes the kernel ask the bridge: br_setlink(), net/bridge/br_netlink.c.
    message.header(header_of(port.index, AF_BRIDGE));
    message.nest(IFLA_PROTINFO, [&] { settings.put(message); });
    return {std::move(message), cat("failed to set hairpin mode and isolation on ", port.name)};
}

NlRequest remove_link(const Link& link) {
    NlMessage message(RTM_DELLINK, 0);
    message.header(header_of(link.index));
    return {std::move(message), cat("delete link ", link.name), ENODEV};
}

NlRequest set_group(const Link& link, std::uint32_t group) {
    NlMessage message = change(link);
    message.put_u32(IFLA_GROUP, group);
    return {std::move(message), cat("put link ", link.name, " into group ", group), ENODEV};
}

NlRequest remove_group(std::uint32_t group) {
    NlMessage message(RTM_DELLINK, 0);
    message.header(header_of(0));
    message.put_u32(IFLA_GROUP, group);
    return {std::move(message), cat("delete the links of group ", group), ENODEV, {EINVAL}};
}

Rtnl::Rtnl(Use use) : NlSocket(NETLINK_ROUTE, use) {}

Rtnl Rtnl::in(const Netns& netns) {
    return netns.run([] { return Rtnl(); });
}

std::optional<Link> Rtnl::find(NlMessage query, const std::string& what) {
    std::optional<Link> found;
    request({std::move(query), cat("find link ", what), ENODEV},
            [&](const nlmsghdr* m) { found = parse_link(m); });
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
    transact(queries, [&](const nlmsghdr* m) { found.push_back(parse_link(m)); });
    return found;
}

std::optional<int> Rtnl::find_nsid(const Netns& other) {
    NlMessage query = query_nsid();
    query.put_u32(NETNSA_FD, static_cast<unsigned>(other.fd()));
    return find_nsid(
        {std::move(query), cat("find the number of network namespace ", other.path())});
}

int Rtnl::get_nsid(const Netns& other) {
    if (const auto nsid = find_nsid(other)) return *nsid;
    NlMessage message(RTM_NEWNSID, 0);
    message.header(rtgenmsg{.rtgen_family = AF_UNSPEC});
    message.put_u32(NETNSA_NSID, static_cast<unsigned>(NETNSA_NSID_NOT_ASSIGNED));
    message.put_u32(NETNSA_FD, static_cast<unsigned>(other.fd()));
    const std::string act = cat("number network namespace ", other.path());
    request({std::move(message), act, EEXIST});
    if (const auto nsid = find_nsid(other)) return *nsid;
    throw SysError(act, ENOENT);
}

std::optional<int> Rtnl::translate_nsid(int nsid, int target) {
    NlMessage query = query_nsid();
    query.put_u32(NETNSA_NSID, static_cast<unsigned>(nsid));
    query.put_u32(NETNSA_TARGET_NSID, static_cast<unsigned>(target));
    return find_nsid({std::move(query), cat("find network namespace number ", nsid), ENOENT});
}

std::optional<int> Rtnl::find_nsid(const NlRequest& query) {
    int nsid = NETNSA_NSID_NOT_ASSIGNED;
    request(query, [&](const nlmsghdr* m) {
        nsid = NlAttributes<NETNSA_MAX>(m, sizeof(rtgenmsg)).get_or<int>(NETNSA_NSID, nsid);
    });
    if (nsid < 0) return {};
    return nsid;
}

std::optional<Link> Rtnl::find(const LinkAddress& address) {
    for (Link& link : links())
        if (link.address == address) return {std::move(link)};
    return {};
}

Link Rtnl::get(const std::string& name) {
    if (auto link = find(name)) return *link;
    throw NlError(cat("find link ", name), ENODEV);
}

Link Rtnl::apply_and_get(NlRequest request, const std::string& name) {
    Link link;
    std::vector<NlRequest> both;
    both.push_back(std::move(request));
    both.push_back(get_link(name));
    transact(both, [&](const nlmsghdr* m) { link = parse_link(m); });
    return link;
}

Link Rtnl::make_link(const NewLink& link) {
    Link made = apply_and_get(add_link(link), link.name);
    // The kernel takes no label when it makes a link: only do_setlink() (net/core/rtnetlink.c)
    // reads IFLA_IFALIAS.
    if (!link.alias.empty()) apply(set_alias(made, link.alias));
    made.alias = link.alias;
    return made;
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
        [](const Link& link) { return link.is<Veth>(); });
}

}  // namespace cni
