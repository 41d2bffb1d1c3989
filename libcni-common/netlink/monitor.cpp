#include "netlink/monitor.h"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

namespace cni {

NlMonitor::NlMonitor(std::initializer_list<int> groups) : socket_(NETLINK_ROUTE) {
    for (const int group : groups)
        checked(
            ::setsockopt(socket_.fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group),
            "subscribe to kernel events");
}

bool NlMonitor::wait(const std::function<bool()>& reached, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limit;
    while (!reached()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        pollfd event{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
        if (::poll(&event, 1, static_cast<int>(left.count())) < 0 && errno != EINTR)
            checked(-1, "wait for kernel events");
        // What happened does not matter, nor does an overrun: the state is looked at again.
        char discarded[8192];
        while (::recv(socket_.fd(), discarded, sizeof discarded, MSG_DONTWAIT) > 0) {
        }
    }
    return true;
}

}  // namespace cni
