#pragma once

#include <set>
#include <string>
#include <vector>

#include "jumps.h"

namespace cni::portmap::iptables {

/// What stands between a forwarding and the packets for its ports, beside the chains of others.
struct Rivals {
    /// In force for packets that one of ours is for, too: of the container's other attachments, or
    /// for one address where ours is for any.
    Translations ahead;
    /// Chains of the container's other attachments with the same mappings as ours.
    std::vector<std::string> siblings;
    /// To come ahead of all other jumps, since somebody maps the same port of any address: those of
    /// others, and the ports of ours.
    std::vector<ipt::Rule> narrow_jumps;
    std::set<HostPort> own_narrow;
};

/// Removes the mappings of other containers that are for the same address, protocol and port as
/// ours, and finds out what the others are to them.
Rivals take_over(ipt::Table& table, const Jumps& jumps, const Forwarding& forwarding,
                 const std::string& own_chain);

/// The jumps again, each for one of the addresses of `narrow` and its ports among them: what leads
/// to no other mapping may come first.
std::vector<ipt::Rule> narrow_jumps(const std::vector<ipt::Rule>& jumps,
                                    const std::set<HostPort>& narrow);

}  // namespace cni::portmap::iptables
