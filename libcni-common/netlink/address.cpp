#include "netlink/address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

namespace cni {
namespace {

NlMessage describe(int type, int flags, const Link& link, const Prefix& prefix,
                   std::uint32_t address_flags = 0) {
    ifaddrmsg header{};
    header.ifa_family = static_cast<std::uint8_t>(prefix.ip.af());
    header.ifa_prefixlen = static_cast<std::uint8_t>(prefix.length);
    header.ifa_scope = RT_SCOPE_UNIVERSE;
    header.ifa_index = static_cast<unsigned>(link.index);
    NlMessage message(type, flags);
    message.header(header);
    // IFA_ADDRESS is the peer's where there is a peer, and else the address itself
    // (linux/if_addr.h).
    message.put(IFA_LOCAL, prefix.ip.data(), prefix.ip.size());
    message.put(IFA_ADDRESS, prefix.ip.data(), prefix.ip.size());
    // The kernel takes what it is given: rtm_to_ifaddr(), net/ipv4/devinet.c. A /31 has none
    // (RFC 3021).
    if (prefix.ip.is_v4() && prefix.length < 31) {
        const Ip broadcast = prefix.last();
        message.put(IFA_BROADCAST, broadcast.data(), broadcast.size());
    }
    // The byte of the header has no room for IFA_F_NOPREFIXROUTE.
    if (address_flags != 0) message.put_u32(IFA_FLAGS, address_flags);
    return message;
}

NlMessage add_message(const Link& link, const Prefix& prefix, Dad dad, SubnetRoute subnet_route) {
    std::uint32_t flags = 0;
    if (dad == Dad::off && !prefix.ip.is_v4()) flags |= IFA_F_NODAD;
    if (subnet_route == SubnetRoute::omit) flags |= IFA_F_NOPREFIXROUTE;
    return describe(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, prefix, flags);
}

std::string act(const Link& link, const Prefix& prefix) {
    return cat("failed to add IP addr ", prefix.to_string(), " to ", quote(link.name));
}

bool is_of(const ifaddrmsg& header, const Link& link) {
    return header.ifa_index == static_cast<unsigned>(link.index);
}

std::optional<Address> parse(const nlmsghdr* message, const ifaddrmsg& header) {
    if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6) return {};
    const Family family = header.ifa_family == AF_INET ? Family::v4 : Family::v6;
    const NlAttributes<IFA_MAX> attributes(message, sizeof header);
    // IPv6 tells IFA_LOCAL only of an address that has a peer.
    auto bytes = attributes.bytes(IFA_LOCAL);
    if (bytes.empty()) bytes = attributes.bytes(IFA_ADDRESS);
    const Ip any = Ip::any(family);
    if (bytes.size() != any.size() || header.ifa_prefixlen > any.bits()) return {};
    const auto flags = attributes.get_or<std::uint32_t>(IFA_FLAGS, header.ifa_flags);
    return Address{{Ip::from_bytes(family, bytes.data()), header.ifa_prefixlen},
                   static_cast<int>(header.ifa_index),
                   (flags & IFA_F_PERMANENT) != 0,
                   (flags & IFA_F_TENTATIVE) != 0,
                   (flags & IFA_F_DADFAILED) != 0};
}

/// `family` AF_UNSPEC and `ifindex` 0 for any.
NlMessage query(unsigned char family, int ifindex) {
    ifaddrmsg header{};
    header.ifa_family = family;
    header.ifa_index = static_cast<unsigned>(ifindex);
    NlMessage message(RTM_GETADDR, 0);
    message.header(header);
    return message;
}

/// nullptr for a message that is too short to have one.
const ifaddrmsg* header_of(const nlmsghdr* message) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(ifaddrmsg))) return nullptr;
    return static_cast<const ifaddrmsg*>(nlmsg_data(message));
}

template <typename Keep>
std::vector<Address> list(Rtnl& rtnl, unsigned char family, int ifindex, const std::string& what,
                          Keep keep) {
    std::vector<Address> found;
    const auto visit = [&](const nlmsghdr* m) {
        const ifaddrmsg* header = header_of(m);
        if (!header || (family != AF_UNSPEC && header->ifa_family != family)) return;
        if (!keep(*header)) return;
        if (const auto address = parse(m, *header)) found.push_back(*address);
    };
    rtnl.dump([&] { return query(family, ifindex); }, what, visit, [&] { found.clear(); });
    return found;
}

std::vector<Address> of_link(Rtnl& rtnl, const Link& link, unsigned char family) {
    // A kernel without strict checking lists all links.
    return list(rtnl, family, link.index, cat("list addresses of ", link.name),
                [&](const ifaddrmsg& header) { return is_of(header, link); });
}

}  // namespace

NlRequest add_address(const Link& link, const Prefix& prefix, Dad dad, SubnetRoute subnet_route) {
    return {add_message(link, prefix, dad, subnet_route), act(link, prefix)};
}

NlRequest ensure_address(const Link& link, const Prefix& prefix, Dad dad) {
    return {add_message(link, prefix, dad, SubnetRoute::add), act(link, prefix), EEXIST};
}

NlRequest remove_address(const Link& link, const Prefix& prefix) {
    return {describe(RTM_DELADDR, 0, link, prefix),
            cat("remove address ", prefix.to_string(), " from ", link.name), EADDRNOTAVAIL};
}

std::vector<Address> addresses(Rtnl& rtnl, const Link& link) {
    return of_link(rtnl, link, AF_UNSPEC);
}

std::vector<Address> addresses(Rtnl& rtnl, const Link& link, Family family) {
    return of_link(rtnl, link, static_cast<unsigned char>(Ip::any(family).af()));
}

std::optional<LinkWithAddresses> find_with_addresses(Rtnl& rtnl, const std::string& name) {
    std::optional<LinkWithAddresses> found;
    const auto visit = [&](const nlmsghdr* m) {
        if (m->nlmsg_type == RTM_NEWLINK) found = LinkWithAddresses{parse_link(m), {}};
        const ifaddrmsg* header = m->nlmsg_type == RTM_NEWADDR ? header_of(m) : nullptr;
        if (!header || !found || !is_of(*header, found->link)) return;
        if (const auto address = parse(m, *header)) found->addresses.push_back(*address);
    };
    const auto look = [&] {
        found.reset();
        NlRequest requests[] = {get_link(name), {query(AF_UNSPEC, 0), "list addresses"}};
        requests[0].tolerated = ENODEV;
        return rtnl.dump_once(requests, visit);
    };
    for (int left = NlSocket::listings; !look() && --left > 0;) {
    }
    return found;
}

std::vector<Address> addresses_besides(Rtnl& rtnl, const std::optional<Link>& link) {
    return list(rtnl, AF_UNSPEC, 0, "list addresses",
                [&](const ifaddrmsg& header) { return !link || !is_of(header, *link); });
}

}  // namespace cni
