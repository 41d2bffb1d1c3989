#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cni/plugin.h"

namespace cni {
struct PluginKeys;
}

namespace cni::flannel {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "runs bridge, or another, as the flannel daemon says";

/// The flannel plugin's configuration; every value is valid.
struct Config {
    std::string subnet_file;
    /// How long ADD waits for that file.
    std::chrono::seconds patience{0};
    std::string data_dir;
    std::string type;  ///< of the delegate
    Json delegate;     ///< its keys: an object, or null
    Json ipam;         ///< keys of its "ipam": likewise
};

/// Throws Error(invalid_config).
Config parse_config(const NetConf& conf);

/// Whether a plugin of this name can be executed, and is another one.
bool may_be_delegate(std::string_view type);

/// All that DEL and GC must know: where records are. Throws Error(invalid_config).
std::string data_dir_of(const NetConf& conf);

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::flannel
