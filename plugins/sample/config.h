#pragma once

#include <string>

#include "cni/config.h"

namespace cni {
struct PluginKeys;
}

namespace cni::sample {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "labels the interface: an example to read and to copy";

/// The sample plugin's configuration; every value is valid.
struct Config {
    bool label_interface = false;  ///< myAwesomeFlag
    /// What the interface is labelled with: anotherAwesomeArg, or runtimeConfig.sample.label.
    std::string label;
};

/// Throws Error(invalid_config) naming the key.
Config parse_config(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::sample
