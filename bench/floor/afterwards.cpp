#include "afterwards.h"

#include <linux/rtnetlink.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

namespace cni::floor {
namespace {

struct Rest {
    int host, nft;  ///< -1: none
    Datagram request;
};

// The kernel answers when no processor can use the link any more, long after it is gone, and lets
// go of a socket through which rules were deleted only when these have been freed.
int do_rest(void* argument) {
    const auto& rest = *static_cast<const Rest*>(argument);
    // Whoever reads our output to its end does not wait for this process, nor does host-local.
    ::dup2(rest.host < 0 ? rest.nft : rest.host, 0);
    ::dup2(rest.nft < 0 ? rest.host : rest.nft, 1);
    ::close_range(2, ~0u, 0);
    if (rest.host >= 0) ::send(0, rest.request.data(), rest.request.size(), 0);
    constexpr timespec freed{.tv_sec = 0, .tv_nsec = 30'000'000};
    if (rest.nft >= 0) ::nanosleep(&freed, nullptr);
    ::_exit(0);
}

constinit Rest rest{-1, -1, {}};

void leave_rest() {
    alignas(16) static char stack[16384];
    start_beside(do_rest, &rest, stack);
}

// A bridge tells under its own family that it has lost a port.
bool tells_end_of(int index, const nlmsghdr* message) {
    const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
    return message->nlmsg_type == RTM_DELLINK && link->ifi_family == AF_UNSPEC &&
           link->ifi_index == index;
}

}  // namespace

void delete_link(const Socket& host, const Socket* nft, int index) {
    ifinfomsg header{};
    header.ifi_index = index;
    rest.host = host.fd();
    rest.nft = nft ? nft->fd() : -1;
    rest.request.message(RTM_DELLINK, 0, header);
    const Socket events(NETLINK_ROUTE, RTMGRP_LINK);
    leave_rest();
    for (bool is_gone = false; !is_gone;)
        events.receive(
            0, [&](const nlmsghdr* message) { is_gone = is_gone || tells_end_of(index, message); });
}

void close_afterwards(const Socket& nft) {
    rest.nft = nft.fd();
    leave_rest();
}

}  // namespace cni::floor
