#pragma once

#include <span>
#include <string_view>
#include <type_traits>

#include "base/named.h"
#include "cni/json.h"

namespace cni {

/// The value that a key of a configuration names, as `table` has it; `otherwise` when the key is
/// absent or "". Throws ConfigError for other names: `unknown <what>: "x"`.
template <typename T>
T choice_or(const Json& config, std::string_view key,
            std::type_identity_t<std::span<const Named<T>>> table, T otherwise,
            std::string_view what) {
    const std::string name = config.string_or(key, "");
    if (name.empty()) return otherwise;
    std::string names;
    for (const Named<T>& row : table) {
        if (row.name == name) return row.value;
        names += cat(names.empty() ? "" : ", ", quote(row.name));
    }
    throw ConfigError(*config.find(key), cat("unknown ", what, ": ", quote(name)),
                      cat(quote(key), " must be one of ", names));
}

}  // namespace cni
