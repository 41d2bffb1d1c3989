#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include <span>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace cni::dhcp {

/// In the calling thread's namespace; not blocking. Throws SysError.
inline Fd make_socket(int family, int type, int protocol) {
    return Fd(checked(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol),
                      "open a socket for DHCP"));
}

/// setsockopt(2); `what` says what for. Throws SysError.
template <typename T>
void set_option(const Fd& socket, int level, int option, const T& value, std::string_view what) {
    checked(::setsockopt(socket.get(), level, option, &value, sizeof value), what);
}

/// Sends and receives by one interface alone. By its number only since Linux 5.0: by its name.
void bind_to_interface(const Fd& socket, int ifindex);

/// What the kernel is to let through to it (BPF). Throws SysError.
void set_filter(const Fd& socket, std::span<const sock_filter> filter);

template <typename Address>
const sockaddr* as_sockaddr(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace cni::dhcp
