#include <linux/rtnetlink.h>
#include <net/if.h>

#include "links.h"
#include "plugins.h"

namespace cni::floor {
namespace {

void set_lo(const Input& input, unsigned flags) {
    const Socket container = enter_container(input);
    ifinfomsg header{};
    header.ifi_index = 1;  // in every namespace: LOOPBACK_IFINDEX
    header.ifi_change = IFF_UP;
    header.ifi_flags = flags;
    Datagram datagram;
    container.send(datagram.message(RTM_NEWLINK, 0, header), "set lo");
}

}  // namespace

void add_loopback(const Input& input) {
    set_lo(input, IFF_UP);
    print(R"({"cniVersion":"1.0.0","ips":[{"address":"127.0.0.1/8"},{"address":"::1/128"}]}
)");
}

void del_loopback(const Input& input) {
    set_lo(input, 0);
}

}  // namespace cni::floor
