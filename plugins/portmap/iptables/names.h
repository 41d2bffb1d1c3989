#pragma once

#include <array>
#include <string>
#include <string_view>

#include "netfilter/owner.h"

/// What the chains of attachments are called.
namespace cni::portmap::iptables {

/// As long as iptables takes it: "CNI-DN-" and the beginning of a hash.
std::string chain_name(std::string_view prefix, const std::string& hashed);
/// Of the reference plugin, for whichever interface. "net" with "1c" and "net1" with "c" have the
/// same.
std::string reference_chain(const Owner& owner);
std::string chain_of(const Owner& owner);
/// The names the owner's chain may have: the second one, where another has a chain of the first.
std::array<std::string, 2> chains_of(const Owner& owner);

}  // namespace cni::portmap::iptables
