#pragma once

namespace cni {
struct PluginKeys;
}

namespace cni::loopback {

/// What it does, as the end of a sentence: for help and for schemas.
constexpr const char* about = "brings up lo";

/// What `cnitool validate` knows.
extern const PluginKeys known_keys;

}  // namespace cni::loopback
