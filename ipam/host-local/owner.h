#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cni/plugin.h"

namespace cni::host_local {

/// By what a configuration may know who wants an address.
enum class OwnerKind {
    pod,           ///< K8S_POD_NAMESPACE/K8S_POD_NAME of CNI_ARGS
    container_id,  ///< CNI_CONTAINERID
    mac,           ///< the one the runtime asks for
};
/// The words of configurations, in the order of OwnerKind.
inline constexpr std::string_view owner_kinds[] = {"pod", "containerID", "mac"};
inline constexpr std::array all_owner_kinds = {OwnerKind::pod, OwnerKind::container_id,
                                               OwnerKind::mac};

/// Throws ConfigError for another word.
OwnerKind parse_owner_kind(const Json& json);

struct Owner {
    OwnerKind kind;
    std::string name;  ///< MAC addresses as Mac::to_string() writes them

    /// Of a configuration. Throws ConfigError for what can be no such name.
    static Owner parse(OwnerKind kind, const Json& json);
    /// "pod default/db-0"
    std::string to_string() const;
    auto operator<=>(const Owner&) const = default;
};

/// Who wants an address, by a name of that kind; nullopt when the runtime tells none. A MAC address
/// may stand in runtimeConfig.mac, in args.cni.mac or in CNI_ARGS; the first of them counts.
/// Throws Error(invalid_config) for one that is none.
std::optional<Owner> owner_of(const Request& request, OwnerKind kind);

}  // namespace cni::host_local
