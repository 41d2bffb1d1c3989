#pragma once

#include <optional>
#include <string>

#include "cni/json_object.h"
#include "config.h"
#include "subnet_env.h"

namespace cni::flannel {

/// What the delegate is given. Without `env` all that comes from there is left out: then it is for
/// DEL and GC alone.
JsonObject compose(const NetConf& conf, const Config& config, const std::optional<SubnetEnv>& env);

/// The same as text for one call: with prevResult and the lists of GC, as the runtime sent them,
/// and the version that these are of.
std::string text_for_call(JsonObject delegate, const NetConf& conf);

}  // namespace cni::flannel
