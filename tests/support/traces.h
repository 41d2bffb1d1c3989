#pragma once

#include <string>
#include <vector>

#include "support/test_netns.h"

namespace cni::test {

/// All that an attachment may change, a line each: a Snapshot, and kernel parameters of the
/// network.
using Traces = std::vector<std::string>;

/// Of the host. Of the files that a network keeps for good (lock, index, where host-local left
/// off) only the names.
Traces host_traces();
/// Links with their MAC addresses and queue lengths, addresses, routes, rules, parameters.
Traces container_traces(const TestNetns& container);

/// The lines that are in one only, marked - (before) and + (now); "" when nothing differs but the
/// order.
std::string difference(Traces before, Traces now);

}  // namespace cni::test
