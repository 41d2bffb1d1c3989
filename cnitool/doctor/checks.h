#pragma once

#include "finding.h"
#include "patient.h"

namespace cni::tool {

// Each looks at one part of a node, and adds what it finds. They throw only what nobody planned.

/// The directories and executables of CNI_PATH.
void check_plugins(const Patient& patient, Findings& findings);
/// The files of networks, as `validate` sees them.
void check_configurations(const Patient& patient, Findings& findings);
/// Parameters of the kernel that what is attached needs.
void check_kernel(const Patient& patient, Findings& findings);
/// Rules that drop what is forwarded for containers, or that rules of plugins come behind: in
/// legacy tables, those of iptables in nf_tables, and native ones.
void check_rules(const Patient& patient, Findings& findings);
/// Addresses that are running out.
void check_ranges(const Patient& patient, Findings& findings);
/// What is left of containers that are gone, and what contradicts itself.
void check_leftovers(const Patient& patient, Findings& findings);
/// Subnets that the host, or another network, has a route for.
void check_routes(const Patient& patient, Findings& findings);
/// Bridges, host ends, and their MTUs.
void check_links(const Patient& patient, Findings& findings);
/// The file systems that leases and results are on.
void check_space(const Patient& patient, Findings& findings);

}  // namespace cni::tool
