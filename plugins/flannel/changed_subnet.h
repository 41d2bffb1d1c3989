#pragma once

#include <string>

#include "record.h"
#include "subnet_env.h"

namespace cni::flannel {

/// Subnets that the node had when the record was made and has no more, which no other node sends
/// packets here for: "10.1.17.0/24"; "" for none.
std::string lost_subnets(const Record& record, const SubnetEnv& env);
/// "10.1.18.0/24, 2001:db8:0:2::/64"
std::string subnets_text(const std::vector<Prefix>& subnets);

}  // namespace cni::flannel
