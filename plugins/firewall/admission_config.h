#pragma once

#include "admission.h"
#include "cni/config.h"

namespace cni::firewall {

/// `ingress`, `egress`, of runtimeConfig where it has them, `ingressFromHost` and `gate`. Throws
/// ConfigError naming the key, the entry and what of it is wrong.
Admission parse_admission(const NetConf& conf);

/// What one entry of the lists lets through.
Allowances parse_allowances(const Json& entry);

}  // namespace cni::firewall
