#include "netlink/address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>

namespace cni {
namespace {

using AddrHandle = Handle<rtnl_addr, rtnl_addr_put>;
using NlAddrHandle = Handle<nl_addr, nl_addr_put>;

NlAddrHandle to_nl(const Ip& ip, int length) {
    NlAddrHandle addr(nl_addr_build(ip.af(), ip.data(), ip.size()));
    if (!addr) throw std::bad_alloc();
    nl_addr_set_prefixlen(addr.get(), length);
    return addr;
}

AddrHandle describe(const Link& link, const Prefix& prefix) {
    AddrHandle addr(rtnl_addr_alloc());
    if (!addr) throw std::bad_alloc();
    rtnl_addr_set_ifindex(addr.get(), link.index);
    rtnl_addr_set_local(addr.get(), to_nl(prefix.ip, prefix.length).get());
    rtnl_addr_set_scope(addr.get(), RT_SCOPE_UNIVERSE);
    if (prefix.ip.is_v4() && prefix.length < 31)
        rtnl_addr_set_broadcast(addr.get(), to_nl(prefix.last(), 32).get());
    return addr;
}

NlMessage add_message(const Link& link, const Prefix& prefix, Dad dad, SubnetRoute subnet_route) {
    const AddrHandle addr = describe(link, prefix);
    if (dad == Dad::off && !prefix.ip.is_v4()) rtnl_addr_set_flags(addr.get(), IFA_F_NODAD);
    if (subnet_route == SubnetRoute::omit) rtnl_addr_set_flags(addr.get(), IFA_F_NOPREFIXROUTE);
    nl_msg* message = nullptr;
    if (rtnl_addr_build_add_request(addr.get(), NLM_F_CREATE | NLM_F_EXCL, &message) < 0)
        throw std::bad_alloc();
    return NlMessage(message);
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
    auto bytes = attributes.bytes(IFA_LOCAL);
    if (bytes.empty()) bytes = attributes.bytes(IFA_ADDRESS);
    const Ip any = Ip::any(family);
    if (bytes.size() != any.size() || header.ifa_prefixlen > any.bits()) return {};
    const auto flags = attributes.get_or<std::uint32_t>(IFA_FLAGS, header.ifa_flags);
    return Address{{Ip::from_bytes(family, bytes.data()), header.ifa_prefixlen},
                   (flags & IFA_F_TENTATIVE) != 0,
                   (flags & IFA_F_DADFAILED) != 0};
}

/// `family` AF_UNSPEC and `ifindex` 0 for any.
template <typename Keep>
std::vector<Address> list(Rtnl& rtnl, unsigned char family, int ifindex, const std::string& what,
                          Keep keep) {
    std::vector<Address> found;
    const auto query = [&] {
        ifaddrmsg header{};
        header.ifa_family = family;
        header.ifa_index = static_cast<unsigned>(ifindex);
        NlMessage message(RTM_GETADDR, 0);
        message.header(header);
        return message;
    };
    const auto visit = [&](const nlmsghdr* m) {
        if (nlmsg_datalen(m) < static_cast<int>(sizeof(ifaddrmsg))) return;
        const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(m));
        if (family != AF_UNSPEC && header->ifa_family != family) return;
        if (!keep(*header)) return;
        if (const auto address = parse(m, *header)) found.push_back(*address);
    };
    rtnl.dump(query, what, visit, [&] { found.clear(); });
    return found;
}

}  // namespace

NlRequest add_address(const Link& link, const Prefix& prefix, Dad dad, SubnetRoute subnet_route) {
    return {add_message(link, prefix, dad, subnet_route), act(link, prefix)};
}

NlRequest ensure_address(const Link& link, const Prefix& prefix, Dad dad) {
    return {add_message(link, prefix, dad, SubnetRoute::add), act(link, prefix), EEXIST};
}

NlRequest remove_address(const Link& link, const Prefix& prefix) {
    nl_msg* message = nullptr;
    if (rtnl_addr_build_delete_request(describe(link, prefix).get(), 0, &message) < 0)
        throw std::bad_alloc();
    return {NlMessage(message), cat("remove address ", prefix.to_string(), " from ", link.name),
            EADDRNOTAVAIL};
}

std::vector<Address> addresses(Rtnl& rtnl, const Link& link, Family family) {
    // A kernel without strict checking lists all links.
    return list(rtnl, static_cast<unsigned char>(Ip::any(family).af()), link.index,
                cat("list addresses of ", link.name),
                [&](const ifaddrmsg& header) { return is_of(header, link); });
}

std::vector<Address> addresses_besides(Rtnl& rtnl, const std::optional<Link>& link) {
    return list(rtnl, AF_UNSPEC, 0, "list addresses",
                [&](const ifaddrmsg& header) { return !link || !is_of(header, *link); });
}

}  // namespace cni
