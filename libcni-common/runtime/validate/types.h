#pragma once

#include <limits>

#include "runtime/validate/schema.h"

namespace cni {

/// The words that tables of keys are written in.
inline constexpr Type any{};
inline constexpr Type flag{.kind = Kind::flag};
inline constexpr Type flag_or_text{.kind = Kind::flag_or_text};
inline constexpr Type text{.kind = Kind::text};
inline constexpr Type absolute_path{.kind = Kind::absolute_path};
inline constexpr Type ip{.kind = Kind::ip};
inline constexpr Type cidr{.kind = Kind::cidr};
inline constexpr Type mac{.kind = Kind::mac};
inline constexpr Type ifname{.kind = Kind::ifname};

constexpr Type between(std::int64_t min, std::int64_t max) {
    return {.kind = Kind::integer, .min = min, .max = max};
}
/// What they take is kept by address.
constexpr Type one_of(std::span<const std::string_view> choices) {
    return {.kind = Kind::choice, .choices = choices};
}
constexpr Type list_of(const Type& element) {
    return {.kind = Kind::list, .element = &element};
}
constexpr Type map_of(const Type& element) {
    return {.kind = Kind::map, .element = &element};
}
constexpr Type object(const ObjectSchema& schema) {
    return {.kind = Kind::object, .object = &schema};
}
/// A value that a parser is asked about: Type::check.
constexpr Type checked(Type type, void (*check)(const Json& value, Problems& problems)) {
    type.check = check;
    return type;
}

inline constexpr Type number =
    between(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
inline constexpr Type unsigned_number = between(0, std::numeric_limits<std::uint32_t>::max());
inline constexpr Type mtu = between(0, 65535);
/// 0 and less: the kernel's choice.
inline constexpr Type mtu_or_less = between(std::numeric_limits<std::int32_t>::min(), 65535);
inline constexpr Type vlan_id = between(0, 4094);
inline constexpr Type texts = list_of(text);
inline constexpr Type members = map_of(any);

inline constexpr std::string_view masquerade_backends[] = {"", "iptables", "nftables"};
inline constexpr Type masquerade_backend = one_of(masquerade_backends);

inline constexpr Key dns_keys[] = {
    {"nameservers", texts}, {"domain", text}, {"search", texts}, {"options", texts}};
inline constexpr ObjectSchema dns_schema{dns_keys};

inline constexpr Key route_keys[] = {{"dst", cidr, true}, {"gw", ip},           {"mtu", number},
                                     {"advmss", number},  {"priority", number}, {"table", number},
                                     {"scope", number}};
inline constexpr ObjectSchema route_schema{route_keys};
inline constexpr Type route = object(route_schema);

}  // namespace cni
