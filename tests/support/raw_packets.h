#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/fd.h"
#include "net/mac.h"
#include "sys/netns.h"

namespace cni::test {

/// A UDP datagram or the first segment of a TCP connection, with whatever addresses, of either
/// family.
struct RawPacket {
    std::uint8_t protocol;  ///< IPPROTO_UDP or IPPROTO_TCP
    std::string source, destination;
    int source_port = 0, port = 0;
    std::uint32_t mark = 0;  ///< to know it by: the UDP payload or TCP's sequence number
};

/// Puts it on a wire as a frame for `to`, past the routes and the address checks of the sender.
void send_frame(const Netns& from, const std::string& ifname, const Mac& to,
                const RawPacket& packet);
/// Of a link in the namespace.
Mac mac_of(const Netns& netns, const std::string& ifname);

/// The packets of a protocol that a namespace takes as its own, after everything that could drop
/// or translate them on their way in.
class Delivered {
public:
    Delivered(const Netns& netns, std::uint8_t protocol, char family = '4');

    /// The marks of those ahead of the one marked `end`, which must come within three seconds; else
    /// throws Error.
    std::set<std::uint32_t> marks_until(std::uint32_t end) const;

private:
    Fd socket_;
    std::uint8_t protocol_;
    char family_;
};

}  // namespace cni::test
