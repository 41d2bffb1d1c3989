#pragma once

#include <cstdint>
#include <string_view>

#include "judge.h"

/// The part of judge() that is about iptables' own matches and targets.
namespace cni::tool {

/// Of the packet's connection, as both nftables and iptables number it: established or new.
std::uint32_t state_bit(const Packet& packet);

Truth xt_match_holds(const nft::XtMatch& match, const Packet& packet);
Act act_of_xt_target(std::string_view name);

}  // namespace cni::tool
