#pragma once

#include <optional>
#include <string>

#include "runtime/validate/plugin_keys.h"

namespace cni {

/// What the tables of keys say, as JSON Schema (draft 2020-12): for editors, and for whoever checks
/// configurations without this program. Each text is whole, with nothing to fetch. They know what
/// single values may be and which keys there are; what keys mean together the parsers of the
/// plugins alone know. Keys are spelt as they are documented, and none is null.

/// Of a .conflist file.
std::string list_json_schema(const KnownPlugins& known);
/// Of a .conf or .json file: one plugin.
std::string single_json_schema(const KnownPlugins& known);
/// Of the object that is for one plugin, in "plugins" or in "ipam". nullopt when nobody knows it.
std::optional<std::string> plugin_json_schema(const KnownPlugins& known, std::string_view type);

}  // namespace cni
