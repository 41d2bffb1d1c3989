#pragma once

#include <vector>

#include "finding.h"
#include "samples.h"
#include "walk.h"

/// The parts of check_rules, of one family each.
namespace cni::tool {

/// Containers that nothing gets to, or that reach nothing.
void check_forwarded(const std::vector<Hooked>& forward, const std::vector<Sample>& samples,
                     Findings& findings);
/// Rules of others that masquerading comes behind.
void check_masquerading(const std::vector<Hooked>& postrouting, const std::vector<Sample>& samples,
                        Findings& findings);
/// Rules of others that port mappings come behind.
void check_port_mappings(const std::vector<Hooked>& prerouting, const Packet& arriving,
                         Findings& findings);

/// "rule 3 of chain FORWARD in table filter of iptables (legacy)"
std::string where(const Ruling& ruling, const Hooked& hooked);

}  // namespace cni::tool
