#pragma once

#include <optional>
#include <variant>

#include "../protocol/client4.h"
#include "base/fd.h"
#include "loop.h"
#include "sys/netns.h"
#include "wire.h"

namespace cni::dhcp {

/// The sockets by which a client of IPv4 talks on its interface. They hold the network namespace:
/// to be closed as soon as there is nothing to say.
class Wire4 {
public:
    /// The interface is to be up.
    explicit Wire4(int ifindex) : ifindex_(ifindex) {}

    /// By which socket it goes depends on the addresses: see Send4. One that leaves from an address
    /// which the interface does not have, as the caller knows or the kernel says, or whose port 68
    /// others have, is broadcast, so that it leaves at all. Throws SysError.
    void send(const Netns& netns, const Send4& message, Hurry hurry);
    void send(const Netns& netns, const SendArp& packet, Hurry hurry);

    /// Has `hear` called with what a client in this state listens to. Anybody may say much by ARP,
    /// which matters for a moment only.
    void follow(Loop& loop, State4 state, const Hear& hear);

    using Received = std::variant<Nothing, Message4, Arp>;
    /// What waits at a descriptor that was heard of. What cannot be read is left out: anybody may
    /// send it. Throws SysError when the interface is gone or down.
    Received receive(int fd);

private:
    void listen(const Netns& netns);
    bool has_left() const;
    bool send_unicast(const Netns& netns, const Send4& message);
    void broadcast(const Fd& socket, int protocol, View packet) const;
    int ifindex_;
    Fd messages_;  ///< once an answer is expected
    Fd arp_;       ///< once an address was checked
    Fd unicast_;   ///< bound to `bound_to_`, once something has left from there
    Ip bound_to_;
    std::optional<Watch> message_watch_, arp_watch_;
};

}  // namespace cni::dhcp
