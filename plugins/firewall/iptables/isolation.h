#pragma once

#include <set>
#include <string>

#include "../passage.h"
#include "iptables/table.h"

/// ingressPolicy: two stages ahead of what lets through.
namespace cni::firewall::iptables {

/// What the policy needs for the bridge, unless it is there. `policy` is not open.
void ensure_isolation(ipt::Table& table, const std::string& bridge, Policy policy);
/// Throws Error naming the first rule that is missing or stands in the wrong place.
void check_isolation(ipt::Table& table, const std::string& bridge, Policy policy);
/// Those that something is there for.
std::set<std::string> policed_bridges(ipt::Table& table);
/// All that is there for the bridge.
void remove_isolation(ipt::Table& table, const std::string& bridge);

/// The jump to stage 1 goes to the head of FORWARD again, if there is one.
void lift_isolation(ipt::Table& table);

}  // namespace cni::firewall::iptables
