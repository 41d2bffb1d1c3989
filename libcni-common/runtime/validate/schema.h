#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/validate/problem.h"

namespace cni {

/// What a value of a configuration may be, as constant tables: a Type says it for one value, an
/// ObjectSchema for the keys of an object.
enum class Kind : std::uint8_t {
    any,
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
    ipam,    ///< the configuration of another plugin, found by its "type"
};

struct ObjectSchema;

struct Type {
    Kind kind = Kind::any;
    std::int64_t min = 0, max = 0;
    std::span<const std::string_view> choices = {};
    const Type* element = nullptr;
    const ObjectSchema* object = nullptr;
};

struct Key {
    std::string_view name;
    Type type;
    bool required = false;
};

struct ObjectSchema {
    std::span<const Key> keys;
    /// What depends on several keys; it may be given values of wrong types. May be null.
    void (*check)(const Json& object, Problems& problems) = nullptr;
    /// Keys every plugin has besides; may be null.
    const ObjectSchema* common = nullptr;
    /// Of a plugin: whether its result has no address, which not every version can express. It may
    /// be given values of wrong types. Null: it has one.
    bool (*lacks_address)(const Json& object) = nullptr;
    /// Of "ipam": what depends on the plugin it is in as well. May be null.
    void (*check_within)(const Json& object, const Json& plugin, Problems& problems) = nullptr;
    /// Of "ipam": throws Error when a result of the version cannot have its addresses. It may be
    /// given values of wrong types. May be null.
    void (*require_expressible)(const Json& object, const std::string& version) = nullptr;
};

/// Reports every value under `json` that `type` does not allow, keys that are unknown, given twice
/// or missing. Keys are found in any letter case; null counts as absent.
void check_value(const Json& json, const Type& type, Problems& problems);
void check_object(const Json& json, const ObjectSchema& schema, Problems& problems);

}  // namespace cni
