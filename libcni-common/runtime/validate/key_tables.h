#pragma once

#include <string_view>

#include "runtime/validate/schema.h"

namespace cni {

/// The keys of an interface or meta plugin; nullptr for a type the tables do not know.
const ObjectSchema* plugin_schema(std::string_view type);
/// The keys of "ipam" for an IPAM plugin; nullptr for a type the tables do not know.
const ObjectSchema* ipam_schema(std::string_view type);
/// The keys of a network list.
const ObjectSchema& list_schema();

}  // namespace cni
