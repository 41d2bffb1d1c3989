#include "links.h"

#include <fcntl.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>

namespace cni::floor {
namespace {

// FNV-1a.
std::uint32_t hash_of(const Input& input) {
    std::uint32_t hash = 2166136261;
    for (const char* const name : {input.container_id, input.ifname})
        for (const char* c = name; *c; ++c)
            hash = (hash ^ static_cast<unsigned char>(*c)) * 16777619;
    return hash;
}

// A second queue costs the kernel two waits.
void put_queues(Datagram& datagram) {
    datagram.put_u32(IFLA_NUM_TX_QUEUES, 1).put_u32(IFLA_NUM_RX_QUEUES, 1);
}

}  // namespace

Mac mac_of(const Input& input) {
    const std::uint32_t hash = hash_of(input);
    Mac mac{{2, 0}};
    std::memcpy(mac.bytes + 2, &hash, sizeof hash);
    return mac;
}

Text port_name(const Input& input) {
    Text name;
    name << "veth";
    return name.hex(hash_of(input));
}

void put_up(Datagram& datagram, int index) {
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_flags = header.ifi_change = IFF_UP;
    datagram.message(RTM_NEWLINK, 0, header);
}

void put_address(Datagram& datagram, int index, Prefix address, unsigned flags) {
    const ifaddrmsg header{.ifa_family = AF_INET,
                           .ifa_prefixlen = static_cast<unsigned char>(address.length),
                           .ifa_flags = 0,
                           .ifa_scope = RT_SCOPE_UNIVERSE,
                           .ifa_index = static_cast<unsigned>(index)};
    datagram.message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header)
        .put(IFA_LOCAL, big(address.ip))
        .put(IFA_ADDRESS, big(address.ip))
        .put_u32(IFA_FLAGS, flags);
    if (address.length < 31) datagram.put(IFA_BROADCAST, big(address.ip | ~address.mask()));
}

void put_route(Datagram& datagram, int index, const Route& route) {
    rtmsg header{};
    header.rtm_family = AF_INET;
    header.rtm_dst_len = static_cast<unsigned char>(route.to.length);
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    datagram.message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, header)
        .put_u32(RTA_OIF, static_cast<unsigned>(index));
    if (route.to.length) datagram.put(RTA_DST, big(route.to.ip));
    if (route.gateway) datagram.put(RTA_GATEWAY, big(route.gateway));
}

int make_pair(const Socket& host, const Input& input, int master) {
    const int container = checked(::open(input.netns, O_RDONLY | O_CLOEXEC), input.netns);
    const Text port = port_name(input);
    Datagram datagram;
    datagram.message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{})
        .put_text(IFLA_IFNAME, port.view());
    put_queues(datagram);
    if (master) datagram.put_u32(IFLA_MASTER, static_cast<unsigned>(master));
    datagram.nest(IFLA_LINKINFO, [&] {
        datagram.put_text(IFLA_INFO_KIND, "veth").nest(IFLA_INFO_DATA, [&] {
            datagram.nest(VETH_INFO_PEER, [&] {
                datagram.append(ifinfomsg{})
                    .put_text(IFLA_IFNAME, input.ifname)
                    .put(IFLA_ADDRESS, mac_of(input))
                    .put_u32(IFLA_NET_NS_FD, static_cast<unsigned>(container));
                put_queues(datagram);
            });
        });
    });
    host.send(datagram, "make a pair");
    return host.index_of(port.c_str());
}

Socket enter_container(const Input& input) {
    const int netns = checked(::open(input.netns, O_RDONLY | O_CLOEXEC), input.netns);
    checked(::setns(netns, CLONE_NEWNET), "enter the container");
    return Socket(NETLINK_ROUTE);
}

void let_forward() {
    overwrite("/proc/sys/net/ipv4/ip_forward", "1");
}

}  // namespace cni::floor
