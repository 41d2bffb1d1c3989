#pragma once

#include <functional>
#include <optional>
#include <string>

#include "netfilter/nft.h"
#include "packet.h"

namespace cni::tool {

enum class Truth { no, maybe, yes };

/// What a rule, or a chain, does with a packet.
enum class Act {
    none,  ///< it goes on
    accept,
    drop,
    jump,
    go_to,
    back,
    translate,   ///< its destination
    masquerade,  ///< its source
    other,       ///< something else that ends the chain
};

struct Decision {
    Truth holds = Truth::yes;  ///< whether the packet is one that the rule is for
    Act act = Act::none;
    std::string chain = {};  ///< of a jump
};

/// An element of a set of the rule's table; nullopt without one. Throws Error.
using ElementOf =
    std::function<std::optional<nft::Element>(const std::string& set, const nft::Bytes& key)>;

/// What a rule of nf_tables, or one of iptables as nf_tables would have it, does with the packet.
/// Where that depends on what is not known of the packet, or the rule is not understood, it is
/// "maybe".
Decision judge(const nft::Rule& rule, const Packet& packet, const ElementOf& element_of);

}  // namespace cni::tool
