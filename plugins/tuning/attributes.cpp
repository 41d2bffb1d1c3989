#include "attributes.h"

#include <linux/if.h>

namespace cni::tuning {
namespace {

bool has(const Link& link, unsigned flag) {
    return (link.flags & flag) != 0;
}

// Somebody else, a capture say, may have made it promiscuous, which the flag does not show.
bool is_promiscuous(const Link& link) {
    return has(link, IFF_PROMISC) || link.promiscuity != 0;
}

std::string_view word(bool flag) {
    return flag ? "true" : "false";
}

[[noreturn]] void differs(std::string_view what, const Link& link, std::string_view wanted,
                          std::string_view actual) {
    throw Error(Code::internal, cat("Error: Tuning configured ", what, " of ", link.name, " is ",
                                    wanted, ", current value is ", actual));
}

}  // namespace

Attributes current(const Link& link, const Attributes& wanted) {
    Attributes now;
    if (wanted.mac) now.mac = link.mac;
    if (wanted.promisc) now.promisc = has(link, IFF_PROMISC);
    if (wanted.mtu) now.mtu = link.mtu;
    if (wanted.allmulti) now.allmulti = has(link, IFF_ALLMULTI);
    if (wanted.txqlen) now.txqlen = link.txqlen;
    return now;
}

void apply(Rtnl& rtnl, const Link& link, const Attributes& attributes) {
    std::vector<NlRequest> requests;
    if (attributes.mac) requests.push_back(set_mac(link, *attributes.mac));
    if (attributes.mtu) requests.push_back(set_mtu(link, *attributes.mtu));
    if (attributes.promisc) requests.push_back(set_flag(link, IFF_PROMISC, *attributes.promisc));
    if (attributes.allmulti) requests.push_back(set_flag(link, IFF_ALLMULTI, *attributes.allmulti));
    if (attributes.txqlen) requests.push_back(set_txqlen(link, *attributes.txqlen));
    rtnl.transact(requests);
}

Attributes keep_earlier(const Attributes& earlier, const Attributes& later) {
    const auto first = [](const auto& a, const auto& b) { return a ? a : b; };
    return {.mac = first(earlier.mac, later.mac),
            .promisc = first(earlier.promisc, later.promisc),
            .mtu = first(earlier.mtu, later.mtu),
            .allmulti = first(earlier.allmulti, later.allmulti),
            .txqlen = first(earlier.txqlen, later.txqlen)};
}

void require(const Link& link, const Attributes& wanted) {
    if (wanted.mac && link.mac != *wanted.mac)
        differs("Ethernet", link, wanted.mac->to_string(), link.mac.to_string());
    if (wanted.promisc && is_promiscuous(link) != *wanted.promisc)
        differs("promiscuous mode", link, word(*wanted.promisc), word(is_promiscuous(link)));
    if (wanted.mtu && link.mtu != *wanted.mtu)
        differs("MTU", link, cat(*wanted.mtu), cat(link.mtu));
    if (wanted.allmulti && has(link, IFF_ALLMULTI) != *wanted.allmulti)
        differs("all-multicast mode", link, word(*wanted.allmulti), word(!*wanted.allmulti));
    if (wanted.txqlen && link.txqlen != *wanted.txqlen)
        differs("Transmit Queue Length", link, cat(*wanted.txqlen), cat(link.txqlen));
}

}  // namespace cni::tuning
