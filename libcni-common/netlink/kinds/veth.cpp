#include "netlink/kinds/veth.h"

#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "netlink/kinds/identity.h"

namespace cni {
namespace {

// One queue each, as veth had until multi-queue became its default: veth_get_num_queues() of
// drivers/net/veth.c takes one for each processor, a second queue costs two RCU waits per pair, and
// it serves only XDP and threaded NAPI.
void put_queues(NlMessage& message) {
    message.put_u32(IFLA_NUM_TX_QUEUES, 1).put_u32(IFLA_NUM_RX_QUEUES, 1);
}

}  // namespace

void Veth::put_end(NlMessage& message) {
    put_queues(message);
    // The reference plugins leave the host's end without a transmit queue of its own.
    message.put_u32(IFLA_TXQLEN, 0);
}

void Veth::put(NlMessage& message) const {
    message.nest(IFLA_INFO_DATA, [&] {
        message.nest(VETH_INFO_PEER, [&] {
            // veth_newlink() reads this nest as a message of its own, header first.
            message.header(ifinfomsg{});
            put_identity(message, peer.name, peer.mac, peer.mtu);
            put_queues(message);
            if (peer.netns)
                message.put_u32(IFLA_NET_NS_FD, static_cast<unsigned>(peer.netns->fd()));
        });
    });
}

}  // namespace cni
