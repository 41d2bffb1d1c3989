#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "hooked.h"

namespace cni::tool {

/// What becomes of a packet in a base chain and those that it jumps to.
struct Ruling {
    Act act = Act::none;          ///< none: nothing decides but the policy
    bool is_doubtful = false;     ///< an earlier rule may have decided otherwise
    std::string chain = {};       ///< of the rule that decides
    std::size_t number = 0;       ///< of it there, the first is 1
    std::size_t number_base = 0;  ///< of the one in the base chain that led there

    bool drops_for_sure() const { return act == Act::drop && !is_doubtful; }
};

/// By the rules ahead of number `before` of the base chain. Where none decides the policy does, as
/// number 0.
Ruling ruling_on(const Packet& packet, const Hooked& hooked,
                 std::size_t before = std::numeric_limits<std::size_t>::max());

/// The number of the first rule behind number `from` of the base chain that the packet may come
/// to, and that jumps to a chain whose name begins so; 0 without one.
std::size_t find_jump(const Packet& packet, const Hooked& hooked, std::string_view prefix,
                      std::size_t from = 0);

}  // namespace cni::tool
