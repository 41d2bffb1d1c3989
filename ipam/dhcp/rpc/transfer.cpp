#include "transfer.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/error.h"

namespace cni::dhcp {
namespace {

using Clock = std::chrono::steady_clock;

void wait_for_room(int socket, Clock::time_point end, std::string_view peer) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0)
        throw Error(Code::try_again_later, cat(peer, " does not take what it is sent"));
    pollfd wanted{.fd = socket, .events = POLLOUT, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(left.count())) < 0 && errno != EINTR)
        checked(-1, "wait for ", peer);
}

}  // namespace

void send_all(int socket, std::string_view bytes, Clock::time_point end, std::string_view peer) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN)
            wait_for_room(socket, end, peer);
        else if (errno != EINTR)
            checked(-1, "send to ", peer);
    }
}

}  // namespace cni::dhcp
