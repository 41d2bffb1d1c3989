#include "sockets.h"

#include <net/if.h>

namespace cni::dhcp {

void bind_to_interface(const Fd& socket, int ifindex) {
    char name[IF_NAMESIZE] = {};
    checked(::if_indextoname(static_cast<unsigned>(ifindex), name) ? 0 : -1, "find the interface");
    set_option(socket, SOL_SOCKET, SO_BINDTODEVICE, name, "bind a socket to the interface");
}

void set_filter(const Fd& socket, std::span<const sock_filter> filter) {
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                             .filter = const_cast<sock_filter*>(filter.data())};
    set_option(socket, SOL_SOCKET, SO_ATTACH_FILTER, program, "filter what a socket receives");
}

}  // namespace cni::dhcp
