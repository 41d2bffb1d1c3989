#pragma once

#include <string>

#include "cni/json.h"

namespace cni {

/// What a configuration says of the interface that the container's one is to be on: attach/parent.h
/// finds it.
struct ParentChoice {
    std::string name;           ///< "master"; "": what attach/parent.h takes then
    bool in_container = false;  ///< "linkInContainer": it is in the container's namespace
};

/// Throws ConfigError. Apart from what finds links, which whoever only reads configurations need
/// not link.
ParentChoice parse_parent(const Json& config);

}  // namespace cni
