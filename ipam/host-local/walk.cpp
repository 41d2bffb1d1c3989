#include "walk.h"

#include <algorithm>

namespace cni::host_local {
namespace {

// Taking an address costs less than asking whether it is free, until many in a row are not; and
// asking costs less than reading the whole index, until very many are not.
constexpr int patience = 8, persistence = 256;

}  // namespace

// What the map hides is found without it: it is a hint, and no address may be lost by one.
std::optional<Ip> Walk::claim_in(const std::vector<Stretch>& stretches) {
    uses_map_ = store_.occupancy().is_kept();
    auto ip = claim_in_each(stretches);
    if (ip || !uses_map_) return ip;
    uses_map_ = false;
    return claim_in_each(stretches);
}

std::optional<Ip> Walk::claim_in_each(const std::vector<Stretch>& stretches) {
    for (const Stretch& stretch : stretches)
        if (const auto ip = claim_in(stretch)) return ip;
    return {};
}

std::optional<Ip> Walk::claim_in(const Stretch& stretch) {
    std::optional<Ip> from = stretch.first;
    while (from && *from <= stretch.last) {
        const auto ip = candidate(*from, stretch);
        if (!ip) return {};
        if (claim(*ip)) return ip;
        from = ip->next();
    }
    return {};
}

bool Walk::claim(const Ip& ip) {
    const std::int64_t rest = rest_left(ip);
    if (rest > 0) pass_over(rest);
    if (rest == 0 && store_.claim(ip, owner_)) return true;
    ++refused_;
    return false;
}

std::optional<Ip> Walk::candidate(const Ip& from, const Stretch& stretch) {
    std::optional<Ip> ip = from;
    if (uses_map_) ip = store_.occupancy().next_free({from, stretch.last});
    if (refused_ < patience) return ip;
    for (; ip && *ip <= stretch.last && asked_ < persistence; ip = ip->next(), ++asked_)
        if (!is_out_of_reach(*ip)) return ip;
    if (!ip || *ip > stretch.last) return {};
    if (!taken_) read_all();
    return first_free(*ip, stretch.last, *taken_);
}

bool Walk::is_out_of_reach(const Ip& ip) {
    if (store_.is_taken(ip)) return true;
    const std::int64_t rest = rest_left(ip);
    if (rest > 0) pass_over(rest);
    return rest > 0;
}

std::int64_t Walk::rest_left(const Ip& ip) {
    return store_.with_memory([&](Memory& memory) { return memory.rest_left(ip, cooldown_); });
}

void Walk::read_all() {
    taken_ = store_.taken();
    const auto all = store_.with_memory([&](Memory& memory) { return memory.resting(cooldown_); });
    for (const Memory::Rest& rest : all) {
        taken_->push_back(rest.ip);
        pass_over(rest.left);
    }
}

void Walk::pass_over(std::int64_t rest) {
    soonest_ = std::min(soonest_.value_or(rest), rest);
}

}  // namespace cni::host_local
