#pragma once

#include <string>

/// What clients of both families say besides messages to be sent.
namespace cni::dhcp {

/// The lease is over: its address must not be used any more. The client tries for another one.
struct Lost {
    std::string reason;
    bool operator==(const Lost&) const = default;
};
/// There will be no lease; the client has stopped.
struct Failed {
    std::string reason;
    bool operator==(const Failed&) const = default;
};
/// Something for the log.
struct Note {
    std::string text;
    bool operator==(const Note&) const = default;
};

}  // namespace cni::dhcp
