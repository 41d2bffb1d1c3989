#include "sockets.h"

#include <net/if.h>

namespace cni::dhcp {

void bind_to_interface(const Fd& socket, int ifindex) {
    char name[IF_NAMESIZE] = {};
    checked(::if_indextoname(static_cast<unsigned>(ifindex), name) ? 0 : -1, "find the interface");
    set_option(socket, SOL_SOCKET, SO_BINDTODEVICE, name, "bind a socket to the interface");
}

}  // namespace cni::dhcp
