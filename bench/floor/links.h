#pragma once

#include <cstdint>
#include <string_view>

#include "socket.h"

namespace cni::floor {

/// Of a container's end, made from its name.
struct Mac {
    unsigned char bytes[6];
};
Mac mac_of(const Input& input);
/// Of the host's end.
Text port_name(const Input& input);

void put_up(Datagram& datagram, int index);
void put_address(Datagram& datagram, int index, Prefix address, unsigned flags = 0);
struct Route {
    Prefix to;
    std::uint32_t gateway = 0;  ///< 0: none
    unsigned char scope = 0;
};
void put_route(Datagram& datagram, int index, const Route& route);

/// A pair of which one end is CNI_IFNAME in the container, both down; `master` is a bridge, or 0.
/// Returns the host's end.
int make_pair(const Socket& host, const Input& input, int master);

/// Opens a socket in the container, in which this process stays.
Socket enter_container(const Input& input);

/// ip_forward of the host.
void let_forward();

}  // namespace cni::floor
