#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "net/ip.h"
#include "netfilter/nft_match.h"

/// What else a packet needs to be forwarded (conditionsV4, conditionsV6): one of the values, or
/// none of them when inverted.
namespace cni::portmap {

struct AddressCondition {
    nft::Side side;
    std::vector<Prefix> any_of;
    bool inverted = false;
    bool operator==(const AddressCondition&) const = default;
};
struct InterfaceCondition {
    bool output;
    std::vector<std::string> any_of;  ///< a trailing "*" stands for any rest
    bool inverted = false;
    bool operator==(const InterfaceCondition&) const = default;
};
struct ProtocolCondition {
    std::vector<std::uint8_t> any_of;  ///< IPPROTO_*
    bool inverted = false;
    bool operator==(const ProtocolCondition&) const = default;
};
struct AddressTypeCondition {
    nft::Side side;
    std::vector<std::uint8_t> any_of;  ///< RTN_*
    bool inverted = false;
    bool operator==(const AddressTypeCondition&) const = default;
};
struct MarkCondition {
    std::uint32_t value, mask;
    bool inverted = false;
    bool operator==(const MarkCondition&) const = default;
};
/// In a set of the ipset program; iptables only.
struct SetCondition {
    std::string name;
    std::vector<nft::Side> parts;  ///< of the set's elements
    bool inverted = false;
    bool operator==(const SetCondition&) const = default;
};
/// All of a list have to hold.
using Condition = std::variant<AddressCondition, InterfaceCondition, ProtocolCondition,
                               AddressTypeCondition, MarkCondition, SetCondition>;

}  // namespace cni::portmap
