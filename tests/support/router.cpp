#include "support/router.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>

#include <cstring>

#include "base/error.h"
#include "base/fd.h"

namespace cni::test {
namespace {

struct Advertisement {
    nd_router_advert router{};
    nd_opt_prefix_info prefix{};
};

Advertisement advertisement() {
    Advertisement advertised;
    advertised.router.nd_ra_type = ND_ROUTER_ADVERT;
    advertised.router.nd_ra_curhoplimit = 64;
    advertised.router.nd_ra_router_lifetime = htons(1800);
    advertised.prefix.nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION;
    advertised.prefix.nd_opt_pi_len = sizeof advertised.prefix / 8;
    advertised.prefix.nd_opt_pi_prefix_len = 64;
    advertised.prefix.nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
    advertised.prefix.nd_opt_pi_valid_time = htonl(86400);
    advertised.prefix.nd_opt_pi_preferred_time = htonl(14400);
    ::inet_pton(AF_INET6, "2001:db8:1::", &advertised.prefix.nd_opt_pi_prefix);
    return advertised;
}

}  // namespace

Router::Router() : netns_("router") {
    output_of({"ip", "link", "add", "uplink", "type", "veth", "peer", "name", "lan", "netns",
               netns_.name()});
    // The address it advertises from: the kernel would take its time to make one.
    netns_.output_of({"ip", "link", "set", "lan", "addrgenmode", "none"});
    netns_.output_of({"ip", "link", "set", "lan", "up"});
    netns_.output_of({"ip", "address", "add", "fe80::1/64", "dev", "lan", "nodad"});
}

void Router::advertise() const {
    netns_.run([] {
        const Fd socket(
            checked(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), "open a socket"));
        const int hops = 255;  // RFC 4861: nobody believes another
        checked(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops),
                "set the hop limit");
        sockaddr_in6 everybody{};
        everybody.sin6_family = AF_INET6;
        everybody.sin6_scope_id = ::if_nametoindex("lan");
        ::inet_pton(AF_INET6, "ff02::1", &everybody.sin6_addr);
        const Advertisement message = advertisement();
        checked(::sendto(socket.get(), &message, sizeof message, 0,
                         reinterpret_cast<const sockaddr*>(&everybody), sizeof everybody),
                "send an advertisement");
    });
}

}  // namespace cni::test
