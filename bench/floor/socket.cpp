#include "socket.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

namespace cni::floor {
namespace {

ifreq request_for(const char* link) {
    ifreq request{};
    std::memcpy(request.ifr_name, link, ::strnlen(link, IFNAMSIZ - 1));
    return request;
}

}  // namespace

Socket::Socket(int protocol, unsigned groups)
    : fd_(checked(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "open netlink")) {
    const sockaddr_nl address{
        .nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = groups};
    if (groups)
        checked(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "subscribe");
}

// Requests about links by name are the same on any socket.
int Socket::index_of(const char* link) const {
    ifreq request = request_for(link);
    return ::ioctl(fd_, SIOCGIFINDEX, &request) < 0 ? 0 : request.ifr_ifindex;
}

void Socket::settle(const char* link) const {
    ethtool_value value{.cmd = ETHTOOL_GLINK, .data = 0};
    ifreq request = request_for(link);
    request.ifr_data = reinterpret_cast<char*>(&value);
    checked(::ioctl(fd_, SIOCETHTOOL, &request), "settle a link");
}

}  // namespace cni::floor
