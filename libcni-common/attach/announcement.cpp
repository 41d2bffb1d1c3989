#include "attach/announcement.h"

#include <linux/if.h>
#include <netinet/icmp6.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/fd.h"
#include "base/warn.h"

namespace cni {
namespace {

// RFC 4861, sections 4.4 and 4.6.1.
struct Advertisement {
    nd_neighbor_advert header;
    nd_opt_hdr option;
    std::array<std::uint8_t, 6> mac;
};
static_assert(sizeof(Advertisement) == 32);

Advertisement advertisement_of(const Link& link, const Ip& address) {
    Advertisement message{};
    message.header.nd_na_type = ND_NEIGHBOR_ADVERT;
    message.header.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
    std::copy_n(address.data(), address.size(), message.header.nd_na_target.s6_addr);
    message.option = {.nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1};
    message.mac = link.mac.bytes;
    return message;
}

sockaddr_in6 socket_address(const Ip& address, const Link& link) {
    sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_scope_id = static_cast<std::uint32_t>(link.index);
    std::copy_n(address.data(), address.size(), out.sin6_addr.s6_addr);
    return out;
}

// Unsolicited, to all nodes (RFC 4861, section 7.2.6), in the calling thread's namespace. The
// kernel fills in the checksum.
void advertise(const Link& link, const Ip& address) {
    const std::string act = cat("tell the neighbours of ", address.to_string());
    const Fd socket(checked(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), act));
    const int hops = 255;  // others are not believed
    checked(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops), act);
    const sockaddr_in6 from = socket_address(address, link);
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from), act);
    const sockaddr_in6 to = socket_address(*Ip::parse("ff02::1"), link);
    const Advertisement message = advertisement_of(link, address);
    checked(::sendto(socket.get(), &message, sizeof message, 0,
                     reinterpret_cast<const sockaddr*>(&to), sizeof to),
            act);
}

void advertise_all(const Link& link, const Result& result) {
    for (const IpConfig& ip : result.ips) {
        if (ip.address.ip.is_v4()) continue;
        try {
            advertise(link, ip.address.ip);
        } catch (const SysError& error) {
            warn(error.what());
        }
    }
}

// It follows that one's, unless it is set: then a VLAN interface keeps its own (vlan_sync_address()
// of net/8021q/vlan.c), and an ipvlan's cannot be.
bool has_mac_of_parent(const Link& link) {
    return link.is<Vlan>() || link.is<Ipvlan>();
}

}  // namespace

void announce_addresses(Container& container, const Result& result) {
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent.
    const Link link = container.get_interface();
    if ((link.flags & IFF_NOARP) != 0) return;  // it has no neighbours
    if (!has_mac_of_parent(link)) return container.rtnl.apply(announce(link));
    // Addresses of IPv4 the kernel tells when the link comes up (arp_notify).
    container.run([&] { advertise_all(link, result); });
}

}  // namespace cni
