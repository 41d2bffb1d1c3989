#include "policy.h"

#include <algorithm>
#include <iterator>

#include "base/contains.h"
#include "range_sets.h"

namespace cni::host_local {
namespace {

Strategy parse_strategy(const Json& json) {
    const std::string text = json.as_string();
    const auto* const found = std::ranges::find(strategies, text);
    if (found == std::end(strategies))
        throw json.invalid(cat("must be one of ", join(strategies, ", ")));
    return static_cast<Strategy>(found - strategies);
}

ConfigError contradiction(const Reservation& reservation, std::string_view problem,
                          std::string details) {
    return ConfigError(
        reservation.offset,
        cat(quote(reservation.key), ": address ", reservation.ip.to_string(), " ", problem),
        std::move(details));
}

void require_free_to_reserve(const Reservation& reservation, const Policy& policy,
                             const std::vector<RangeSet>& sets) {
    if (const Exclusion* exclusion = policy.find_excluded(reservation.ip))
        throw contradiction(reservation, cat("is excluded by ", quote(exclusion->key)),
                            "reserve another address, or do not exclude this one");
    if (contains(gateways_of(sets), reservation.ip))
        throw contradiction(reservation, "is the gateway of a range",
                            "a gateway is never given: reserve another address");
}

const RangeSet* set_of(const std::vector<RangeSet>& sets, const Ip& ip) {
    const auto found =
        std::ranges::find_if(sets, [&](const RangeSet& set) { return set.find(ip); });
    return found == sets.end() ? nullptr : &*found;
}

void require_no_twin(const Reservation& one, const Reservation& other,
                     const std::vector<RangeSet>& sets) {
    if (one.ip == other.ip)
        throw contradiction(other, cat("is reserved already, by ", quote(one.key)),
                            "an address has one owner");
    const RangeSet* const set = set_of(sets, one.ip);
    if (set && set == set_of(sets, other.ip) && one.owner == other.owner)
        throw contradiction(
            other,
            cat("is the second one for ", other.owner.to_string(), " behind ", quote(one.key)),
            cat("each range set provides one address, and ", set->to_string(), " has both"));
}

}  // namespace

Stretch parse_exclusion(const Json& json) {
    const std::string text = json.as_string();
    if (const auto ip = Ip::parse(text)) return Stretch::of(*ip);
    const auto prefix = Prefix::parse(text);
    if (!prefix)
        throw ConfigError(json,
                          cat(quote(json.path()), " ", quote(text), " is no address and no CIDR"),
                          cat("key ", quote(json.path())));
    if (prefix->network() != *prefix)
        throw ConfigError(json, cat(quote(json.path()), " ", quote(text), " has host bits set"),
                          cat("the network is ", prefix->network().to_string(),
                              ", the address alone ", prefix->ip.to_string()));
    return Stretch::of(*prefix);
}

Reservation parse_reservation(const Json& json) {
    const auto ip = json.require_object().ip("address");
    if (!ip) throw json.invalid("needs \"address\"");
    std::optional<Owner> owner;
    for (std::size_t i = 0; i < std::size(owner_kinds); ++i) {
        const auto name = json.find(owner_kinds[i]);
        if (!name) continue;
        if (owner) throw json.invalid(cat("may have one only of ", join(owner_kinds, ", ")));
        owner = Owner::parse(static_cast<OwnerKind>(i), *name);
    }
    if (!owner) throw json.invalid(cat("needs one of ", join(owner_kinds, ", ")));
    return {.ip = *ip, .owner = *owner, .key = json.path(), .offset = json.offset()};
}

Policy Policy::parse(const Json& ipam) {
    Policy policy;
    for (const Json& each : ipam.list("exclude"))
        policy.excluded.push_back({parse_exclusion(each), each.path()});
    for (const Json& each : ipam.list("reserve"))
        policy.reserved.push_back(parse_reservation(each));
    if (const auto kind = ipam.find("sticky")) policy.sticky = parse_owner_kind(*kind);
    policy.cooldown = ipam.int_or("cooldown", 0, longest_cooldown, 0);
    if (const auto strategy = ipam.find("strategy")) policy.strategy = parse_strategy(*strategy);
    return policy;
}

void Policy::require_consistent(const std::vector<RangeSet>& sets) const {
    for (std::size_t i = 0; i < reserved.size(); ++i) {
        require_free_to_reserve(reserved[i], *this, sets);
        for (std::size_t j = 0; j < i; ++j) require_no_twin(reserved[j], reserved[i], sets);
    }
}

void Policy::require_within(const std::vector<RangeSet>& sets) const {
    for (const Reservation& reservation : reserved) {
        if (set_of(sets, reservation.ip)) continue;
        std::vector<std::string> texts;
        for (const RangeSet& set : sets) texts.push_back(set.to_string());
        throw contradiction(reservation, "is in none of the ranges",
                            cat("they are ", join(texts, " and ")));
    }
}

const Exclusion* Policy::find_excluded(const Ip& ip) const {
    const auto found = std::ranges::find_if(
        excluded, [&](const Exclusion& each) { return each.addresses.contains(ip); });
    return found == excluded.end() ? nullptr : &*found;
}

const Reservation* Policy::find_reserved(const Ip& ip) const {
    const auto found = std::ranges::find(reserved, ip, &Reservation::ip);
    return found == reserved.end() ? nullptr : &*found;
}

bool Policy::knows_by(OwnerKind kind) const {
    return sticky == kind || std::ranges::any_of(reserved, [&](const Reservation& each) {
               return each.owner.kind == kind;
           });
}

std::vector<std::string_view> Policy::known_args() const {
    std::vector<std::string_view> known = {"IP"};
    if (knows_by(OwnerKind::pod)) known.insert(known.end(), {"K8S_POD_NAMESPACE", "K8S_POD_NAME"});
    if (knows_by(OwnerKind::mac)) known.push_back("MAC");
    return known;
}

std::vector<Stretch> withheld(const std::vector<RangeSet>& sets, const Policy& policy,
                              const std::vector<Owner>& owners) {
    std::vector<Stretch> all;
    for (const Ip& gateway : gateways_of(sets)) all.push_back(Stretch::of(gateway));
    for (const Exclusion& exclusion : policy.excluded) all.push_back(exclusion.addresses);
    for (const Reservation& reservation : policy.reserved)
        if (!contains(owners, reservation.owner)) all.push_back(Stretch::of(reservation.ip));
    return all;
}

}  // namespace cni::host_local
