// bridge and ptp.
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <optional>

#include "afterwards.h"
#include "links.h"
#include "masquerading.h"
#include "plugins.h"
#include "process.h"

namespace cni::floor {
namespace {

std::optional<Socket> open_nftables(bool wanted) {
    return wanted ? std::optional(Socket(NETLINK_NETFILTER)) : std::nullopt;
}

bool has_ipam(const Input& input) {
    return !input.text("subnet").empty();
}

int ensure_bridge(const Socket& host, std::string_view name) {
    Text text;
    text << name;
    if (const int index = host.index_of(text.c_str())) return index;
    ifinfomsg header{};
    header.ifi_flags = header.ifi_change = IFF_UP;
    Datagram datagram;
    // With a MAC of its own, which no port can change.
    datagram.message(RTM_NEWLINK, NLM_F_CREATE, header)
        .put_text(IFLA_IFNAME, name)
        .put(IFLA_ADDRESS, Mac{{2, 1, 0, 0, 0, 1}})
        .nest(IFLA_LINKINFO, [&] { datagram.put_text(IFLA_INFO_KIND, "bridge"); });
    host.send(datagram, "make the bridge");
    return host.index_of(text.c_str());
}

// With arp_notify, by which announce() makes the kernel tell the neighbours.
void bring_up(const Socket& container, int index) {
    Datagram datagram;
    put_up(datagram, index);
    datagram.nest(IFLA_AF_SPEC, [&] {
        datagram.nest(AF_INET, [&] {
            datagram.nest(IFLA_INET_CONF, [&] { datagram.put_u32(IPV4_DEVCONF_ARP_NOTIFY, 1); });
        });
    });
    container.send(datagram, "bring the container's end up");
}

void announce(Datagram& datagram, int index, const Input& input) {
    ifinfomsg header{};
    header.ifi_index = index;
    datagram.message(RTM_NEWLINK, 0, header).put(IFLA_ADDRESS, mac_of(input));
}

// `address` has no length where there is none.
void print_pair(Prefix address, int port, unsigned rule) {
    Text text;
    text << R"({"cniVersion":"1.0.0",)";
    if (address.length)
        (text << R"("ips":[{"address":")").address(address)
            << "/" << static_cast<unsigned>(address.length) << R"("}],)";
    text << R"("link":)" << static_cast<unsigned>(port) << R"(,"rule":)" << rule << "}\n";
    print(text.view());
}

/// Of one end of a pair.
struct End {
    const Socket& socket;
    int index;
};

void connect(const Input& input, const Socket& host, int bridge, int port, const End& inside) {
    bring_up(inside.socket, inside.index);
    // Last: a pair of which the other end is up already costs the kernel a wait less.
    Datagram outside;
    put_up(outside, port);
    if (has_ipam(input)) put_address(outside, bridge, input.prefix("subnet").first());
    host.send(outside, "bring the host's end up", EEXIST);
    host.settle(port_name(input).c_str());
    inside.socket.settle(input.ifname);
}

void give_address(const Input& input, const End& inside, Prefix address) {
    Datagram datagram;
    put_address(datagram, inside.index, address);
    put_route(datagram, inside.index, {.to = {}, .gateway = input.prefix("subnet").first().ip});
    announce(datagram, inside.index, input);
    inside.socket.send(datagram, "give the container its address");
}

}  // namespace

void add_bridge(const Input& input) {
    std::optional<HostLocal> ipam;
    if (has_ipam(input)) ipam.emplace(input).feed();
    const Socket host(NETLINK_ROUTE);
    const auto nft = open_nftables(input.flag("ipMasq"));
    const int bridge = ensure_bridge(host, input.text("bridge"));
    const int port = make_pair(host, input, bridge);
    if (ipam) let_forward();

    const Socket container = enter_container(input);
    const End inside{container, container.index_of(input.ifname)};
    connect(input, host, bridge, port, inside);
    if (!ipam) return print_pair({}, port, 0);
    const Prefix address = ipam->address();
    give_address(input, inside, address);
    print_pair(address, port, nft ? add_masquerading(*nft, input, address) : 0);
    ipam->wait();
}

void add_ptp(const Input& input) {
    HostLocal ipam(input);
    ipam.feed();
    const Socket host(NETLINK_ROUTE);
    const auto nft = open_nftables(input.flag("ipMasq"));
    const Prefix gateway = input.prefix("subnet").first();
    const int port = make_pair(host, input, 0);
    let_forward();

    const Socket container = enter_container(input);
    const int interface = container.index_of(input.ifname);
    Datagram up;
    put_up(up, interface);
    container.send(up, "bring the container's end up");
    Datagram outside;
    put_up(outside, port);
    put_address(outside, port, gateway.host());

    const Prefix address = ipam.address();
    put_route(outside, port, {.to = address.host()});
    host.send(outside, "configure the host's end");
    Datagram inside;
    put_address(inside, interface, address, IFA_F_NOPREFIXROUTE);
    put_route(inside, interface, {.to = gateway.host()});
    put_route(inside, interface, {.to = {}, .gateway = gateway.ip});
    put_route(inside, interface,
              {.to = {gateway.ip & gateway.mask(), gateway.length}, .gateway = gateway.ip});
    container.send(inside, "give the container its address");
    host.settle(port_name(input).c_str());
    container.settle(input.ifname);
    print_pair(address, port, nft ? add_masquerading(*nft, input, address) : 0);
    ipam.wait();
}

void del_pair(const Input& input) {
    std::optional<HostLocal> ipam;
    if (!input.text("address").empty()) ipam.emplace(input);
    const Socket host(NETLINK_ROUTE);
    const unsigned rule = input.number("rule");
    const auto nft = open_nftables(rule != 0);
    if (nft) remove_masquerading(*nft, rule);
    delete_link(host, nft ? &*nft : nullptr, static_cast<int>(input.number("link")));
    if (!ipam) return;
    // Now that nobody bears the address any more.
    ipam->feed();
    ipam->wait();
}

}  // namespace cni::floor
