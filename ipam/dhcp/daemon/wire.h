#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "../protocol/client4.h"
#include "base/fd.h"
#include "sys/netns.h"

namespace cni::dhcp {

/// Whether a message has to leave at once, as the interface may be gone in the next moment: who
/// does not wait for the neighbour's MAC address broadcasts the frame.
enum class Hurry { no, yes };

/// The sockets by which a client talks on its interface. They hold the network namespace: to be
/// closed as soon as there is nothing to say.
class Wire {
public:
    /// The interface is to be up. Throws SysError.
    Wire(const Netns& netns, int ifindex);

    /// By which socket it goes depends on the addresses: see Send4. One that leaves from an address
    /// which the interface has no longer, or whose port 68 others have, is broadcast, so that it
    /// leaves at all. Throws SysError.
    void send(const Netns& netns, const Send4& message, Hurry hurry = Hurry::no);
    void send(const SendArp& packet) const;

    /// Nothing any more: the rest is not for us, or there is none.
    struct Nothing {};
    using Received = std::variant<Nothing, Message4, Arp>;
    /// What waits at one of the descriptors. What cannot be read is left out: anybody may send it.
    /// Throws SysError when the interface is gone or down.
    Received receive_message() const;
    Received receive_arp() const;

    int message_fd() const { return messages_.get(); }
    int arp_fd() const { return arp_.get(); }

private:
    bool has_left() const;
    bool send_unicast(const Netns& netns, const Send4& message);
    void broadcast(const Fd& socket, int protocol, View packet) const;
    int ifindex_;
    Fd messages_, arp_;
    Fd unicast_;  ///< bound to `bound_to_`, once something has left from there
    Ip bound_to_;
};

}  // namespace cni::dhcp
