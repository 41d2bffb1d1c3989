#include "iptables/rule.h"

#include <algorithm>
#include <tuple>

namespace cni::ipt {
namespace {

// The kernel rounds the size of the data up, with zeros.
bool same(const Extension& a, const Extension& b) {
    if (a.name != b.name || a.revision != b.revision) return false;
    const bool in_order = a.data.size() <= b.data.size();
    const Bytes &shorter = in_order ? a.data : b.data, &longer = in_order ? b.data : a.data;
    const auto [end, rest] = std::mismatch(shorter.begin(), shorter.end(), longer.begin());
    return end == shorter.end() &&
           std::all_of(rest, longer.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool same(const Target& a, const Target& b) {
    const auto *x = std::get_if<Extension>(&a), *y = std::get_if<Extension>(&b);
    return x && y ? same(*x, *y) : a == b;
}

}  // namespace

bool Rule::operator==(const Rule& other) const {
    return !foreign && !other.foreign && source == other.source &&
           destination == other.destination && in == other.in && out == other.out &&
           protocol == other.protocol &&
           std::equal(matches.begin(), matches.end(), other.matches.begin(), other.matches.end(),
                      [](const Extension& a, const Extension& b) { return same(a, b); }) &&
           same(target, other.target);
}

bool Rule::jumps_to(const std::string& chain) const {
    const auto* jump = std::get_if<Jump>(&target);
    return jump && jump->chain == chain;
}

std::string Rule::comment() const {
    for (const Extension& match : matches)
        if (match.name == "comment")
            return {match.data.begin(), std::find(match.data.begin(), match.data.end(), 0)};
    return {};
}

}  // namespace cni::ipt
