#pragma once

#include "runtime/validate/plugin_keys.h"

namespace cni {

/// Reports what is wrong with the configuration of one plugin and of the IPAM plugin in it: values
/// of another type by the tables of keys; where there is none, what the plugin's own parser
/// refuses. `conf.json` has a "type", and is a part of the file, so that its values stand where
/// they do; `conf.text` is not looked at.
void check_plugin(const NetConf& conf, const KnownPlugins& known, Problems& problems);

}  // namespace cni
