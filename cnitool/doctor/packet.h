#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/ip.h"

namespace cni::tool {

/// A packet that rules are asked about, as far as it is known.
struct Packet {
    Family family = Family::v4;
    std::string in = {}, out = {};  ///< interfaces of the host; "" when not known
    std::optional<Ip> source = {}, destination = {};
    std::optional<std::uint8_t> protocol = {};  ///< IPPROTO_*
    std::optional<std::uint16_t> port = {};     ///< that it goes to
    bool is_answer = false;                     ///< in a connection; else it begins one
    bool is_for_host = false;                   ///< its destination is an address of the host
};

}  // namespace cni::tool
