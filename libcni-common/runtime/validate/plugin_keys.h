#pragma once

#include "runtime/validate/plugin_checks.h"
#include "runtime/validate/types.h"

namespace cni {

/// The keys of one plugin. The validator knows them from construction on, by address: they are
/// constants of static storage, made by the file keys.cpp of the plugin.
class KnownKeys {
public:
    KnownKeys(const KnownKeys&) = delete;
    KnownKeys& operator=(const KnownKeys&) = delete;

    /// The schema of a type in a list that begins with `first`; nullptr when it has none.
    static const ObjectSchema* find(const KnownKeys* first, std::string_view type);

protected:
    KnownKeys(const KnownKeys*& first, std::string_view type, const ObjectSchema& schema) noexcept;

private:
    std::string_view type_;
    ObjectSchema schema_;
    const KnownKeys* next_;
};

/// What depends on several keys (ObjectSchema::check).
using KeysCheck = void (*)(const Json& object, Problems& problems);

/// ObjectSchema::lacks_address.
using AddressQuestion = bool (*)(const Json& object);

/// Of an interface or meta plugin. The keys that every plugin has are known besides.
class PluginKeys : public KnownKeys {
public:
    PluginKeys(std::string_view type, std::span<const Key> keys, KeysCheck check = nullptr,
               AddressQuestion lacks_address = nullptr) noexcept;
};

/// What depends on several keys of "ipam", or on others of the plugin it is in.
using IpamCheck = void (*)(const Json& ipam, const Json& plugin, Problems& problems);

/// ObjectSchema::require_expressible.
using VersionCheck = void (*)(const Json& ipam, const std::string& version);

/// Of an IPAM plugin: all the keys of "ipam".
class IpamKeys : public KnownKeys {
public:
    IpamKeys(std::string_view type, std::span<const Key> keys, IpamCheck check = nullptr,
             VersionCheck require_expressible = nullptr) noexcept;
};

}  // namespace cni
