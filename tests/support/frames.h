#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "net/mac.h"
#include "sys/netns.h"

namespace cni::test {

/// An Ethernet frame of an experimental type, with a text to know it by.
struct Frame {
    Mac source, destination;
    std::string text;
    int vlan = 0;  ///< id of its 802.1Q tag; 0: untagged
};

constexpr Mac broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/// Frames as they leave and enter one interface.
class FrameSocket {
public:
    FrameSocket(const Netns& netns, const std::string& ifname);

    void send(const Frame& frame) const;
    /// The next frame of our type that came in (not one sent from here); nullopt after 3 seconds.
    std::optional<Frame> receive() const;
    /// Whether a frame with this text comes before one with the text `end`, which must come.
    bool receives(const std::string& text, const std::string& end) const;

private:
    Fd socket_;
    int ifindex_ = 0;
};

}  // namespace cni::test
