#pragma once

#include <optional>
#include <variant>

#include "../protocol/client6.h"
#include "base/fd.h"
#include "loop.h"
#include "sys/netns.h"
#include "wire.h"

namespace cni::dhcp {

/// The sockets by which a client of IPv6 talks on its interface. They hold the network namespace:
/// to be closed as soon as there is nothing to say.
class Wire6 {
public:
    /// Throws SysError.
    Wire6(const Netns& netns, int ifindex);

    /// To all servers of the link, from its link-local address. As long as there is none that can
    /// be used, which takes the kernel a moment, the last message waits. Throws SysError.
    void send(const Netns& netns, const Send6& message, Hurry hurry);
    void send(const Netns& netns, const SendProbe& probe, Hurry hurry);

    /// Has `hear` called with what a client in this state listens to.
    void follow(Loop& loop, State6 state, const Hear& hear);

    using Received = std::variant<Nothing, Message6, Neighbor>;
    /// What waits at a descriptor that was heard of; news of addresses let what waits leave. What
    /// cannot be read is left out: anybody may send it. Throws SysError.
    Received receive(int fd);

private:
    bool leaves(const Bytes& payload) const;
    void await_address(const Netns& netns);
    Received take_news();
    Received take_neighbor();
    std::optional<View> take_payload();

    int ifindex_;
    Fd messages_;
    Fd overheard_;   ///< what comes to port 546, where that is somebody else's
    Fd neighbors_;   ///< while an address is checked
    Fd news_;        ///< of addresses, while something waits for one
    Bytes waiting_;  ///< what has not left
    std::optional<Watch> message_watch_, neighbor_watch_, news_watch_;
};

}  // namespace cni::dhcp
