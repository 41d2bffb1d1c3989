#include "stretch.h"

#include <algorithm>

#include "hashes.h"

namespace cni::host_local {
namespace {

using Number = unsigned __int128;

Number number(const Ip& ip) {
    Number value = 0;
    for (std::size_t i = 0; i < ip.size(); ++i) value = value << 8 | ip.data()[i];
    return value;
}

Ip sum(const Ip& ip, Number offset) {
    Number value = number(ip) + offset;
    std::uint8_t bytes[16];
    for (std::size_t i = ip.size(); i-- > 0; value >>= 8)
        bytes[i] = static_cast<std::uint8_t>(value);
    return Ip::from_bytes(ip.family(), bytes);
}

// One less than there are, since there may be one more than a Number holds.
Number size_less_one(const Stretch& stretch) {
    return number(stretch.last) - number(stretch.first);
}

Number random_number() {
    const HashKey bits = HashKey::random();
    return Number{bits.first} << 64 | bits.second;
}

// `others` sorted by their first address.
void add_without(std::vector<Stretch>& left, Stretch stretch, const std::vector<Stretch>& others) {
    for (const Stretch& other : others) {
        if (other.last < stretch.first) continue;
        if (other.first > stretch.last) break;
        if (other.first > stretch.first) left.push_back({stretch.first, *other.first.previous()});
        if (other.last >= stretch.last) return;
        stretch.first = *other.last.next();
    }
    left.push_back(stretch);
}

}  // namespace

Ip plus(const Ip& ip, std::uint64_t offset) {
    return sum(ip, offset);
}

std::vector<Stretch> without(const std::vector<Stretch>& stretches, std::vector<Stretch> others) {
    std::ranges::sort(others, {}, &Stretch::first);
    std::vector<Stretch> left;
    for (const Stretch& stretch : stretches) add_without(left, stretch, others);
    return left;
}

std::optional<Ip> first_free(const Ip& first, const Ip& last, const std::vector<Ip>& taken) {
    // Among one address more than there are taken ones, one is free: no need to look further,
    // however large the range.
    const Number size = std::min<Number>(size_less_one({first, last}), taken.size()) + 1;
    std::vector<bool> used(static_cast<std::size_t>(size));
    for (const Ip& ip : taken) {
        if (ip.family() != first.family() || ip < first) continue;
        const Number offset = number(ip) - number(first);
        if (offset < size) used[static_cast<std::size_t>(offset)] = true;
    }
    const auto free = std::ranges::find(used, false);
    if (free == used.end()) return {};
    return sum(first, static_cast<Number>(free - used.begin()));
}

std::optional<Ip> random_of(const std::vector<Stretch>& stretches) {
    if (stretches.empty()) return {};
    Number size = stretches.size();
    for (const Stretch& stretch : stretches) size += size_less_one(stretch);
    // All of IPv6 are one more than a Number holds; then any will do.
    Number place = size == 0 ? random_number() : random_number() % size;
    for (const Stretch& stretch : stretches) {
        if (place <= size_less_one(stretch)) return sum(stretch.first, place);
        place -= size_less_one(stretch) + 1;
    }
    return stretches.front().first;
}

}  // namespace cni::host_local
