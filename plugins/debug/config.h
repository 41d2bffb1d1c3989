#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::debug {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "writes down each call, runs programs in the container";

using Hook = std::vector<std::string>;

/// The debug plugin's configuration, as far as one command needs it.
struct Config {
    std::string output;       ///< cniOutput: the file written to; "": none
    std::vector<Hook> hooks;  ///< argument vectors, none of them empty
};

/// `hooks_key` names the hooks of the command: a mistake in those of another must not keep a
/// container from being deleted. Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf, std::string_view hooks_key);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::debug
