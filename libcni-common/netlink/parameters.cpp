#include "netlink/parameters.h"

#include <linux/if.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include <utility>

namespace cni {

bool forwards(Rtnl& rtnl, Family family) {
    NlMessage query(RTM_GETNETCONF, 0);
    netconfmsg header{};
    header.ncm_family = family == Family::v4 ? AF_INET : AF_INET6;
    query.header(header);
    query.put_u32(NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
    bool answer = false;
    try {
        rtnl.request({std::move(query), "ask whether the host forwards"}, [&](const nlmsghdr* m) {
            // Aligned, other than the header says: nlmsg_parse() in inet_netconf_get_devconf().
            const NlAttributes<NETCONFA_MAX> values(m, NLMSG_ALIGN(sizeof(netconfmsg)));
            answer = values.get_or<std::int32_t>(NETCONFA_FORWARDING, 0) != 0;
        });
    } catch (const NlError&) {
        return false;
    }
    return answer;
}

NlRequest set_arp_notify(const Link& link) {
    NlMessage message(RTM_NEWLINK, 0);
    ifinfomsg header{};
    header.ifi_index = link.index;
    message.header(header);
    message.nest(IFLA_AF_SPEC, [&] {
        message.nest(AF_INET, [&] {
            message.nest(IFLA_INET_CONF, [&] { message.put_u32(IPV4_DEVCONF_ARP_NOTIFY, 1); });
        });
    });
    // A link that can have no IPv4 has nothing to announce.
    return {std::move(message), cat("have the addresses of ", link.name, " announced"),
            EAFNOSUPPORT};
}

}  // namespace cni
