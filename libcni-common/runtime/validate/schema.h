#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/validate/problem.h"

namespace cni {

/// What a value of a configuration may be, as constant tables: a Type says it for one value, an
/// ObjectSchema for the keys of an object.
enum class Kind : std::uint8_t {
    any,
    parsed_integer,  ///< between min and max, as the plugin's own parser says in words of its own
    flag,
    flag_or_text,  ///< true and false, also as text in any letter case
    integer,       ///< between min and max
    text,
    absolute_path,
    choice,  ///< one of choices, compared exactly
    ip,
    cidr,
    mac,
    ifname,  ///< name of an interface
    list,    ///< of element
    map,     ///< object with any keys, each value an element
    object,  ///< object with the keys of `object`
    ipam,    ///< the configuration of another plugin, which its "type" names
};

struct ObjectSchema;

struct Type {
    Kind kind = Kind::any;
    std::int64_t min = 0, max = 0;
    std::span<const std::string_view> choices = {};
    const Type* element = nullptr;
    const ObjectSchema* object = nullptr;
    /// What else a value must be: the plugin's own parser is asked, and says it. Only called for
    /// values that are as the rest of the type says. May be null.
    void (*check)(const Json& value, Problems& problems) = nullptr;
};

struct Key {
    std::string_view name;
    Type type;
    bool required = false;
};

struct ObjectSchema {
    std::span<const Key> keys;
    /// Keys every plugin has besides; may be null.
    const ObjectSchema* common = nullptr;

    /// In any letter case; null when there is none.
    const Key* find(std::string_view name) const;
    std::vector<std::string_view> names() const;
};

/// Reports every value under `json` that `type` does not allow, keys that are unknown, given twice
/// or missing. Keys are found in any letter case; null counts as absent. Returns whether all values
/// are allowed and none is missing: then a parser has something to read, whatever the keys beside
/// are called.
bool check_value(const Json& json, const Type& type, Problems& problems);
bool check_object(const Json& json, const ObjectSchema& schema, Problems& problems);

}  // namespace cni
