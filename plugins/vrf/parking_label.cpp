#include "parking_label.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace cni::vrf {
namespace {

constexpr std::string_view prefix = "cnixx-";
constexpr int last_slot = 65535;

// No name of a link, of either sort, is sure to be allowed a colon.
std::string print_ip(const std::optional<Ip>& ip) {
    std::string text = ip ? ip->to_string() : "";
    std::ranges::replace(text, ':', '_');
    return text;
}
bool parse_ip(std::string_view text, std::optional<Ip>& ip) {
    std::string usual(text);
    std::ranges::replace(usual, '_', ':');
    ip = Ip::parse(usual);
    return ip || text.empty();
}

}  // namespace

std::string ParkingLabel::print() const {
    return cat(prefix, vrf, '-', slot, '-', port, '-', static_cast<std::uint32_t>(table), '-',
               print_ip(source), '-', print_ip(gateway));
}

std::optional<ParkingLabel> ParkingLabel::parse(std::string_view name) {
    if (!name.starts_with(prefix)) return {};
    const auto parts = split(name.substr(prefix.size()), '-');
    constexpr std::size_t count = 6;
    if (parts.size() != count) return {};
    ParkingLabel label;
    const auto vrf = parse_int<int>(parts[0]), slot = parse_int<int>(parts[1]),
               port = parse_int<int>(parts[2]);
    const auto table = parse_int<std::uint32_t>(parts[3]);
    if (!vrf || !slot || *slot < 0 || *slot > last_slot || !port || !table) return {};
    if (!parse_ip(parts[4], label.source) || !parse_ip(parts[5], label.gateway)) return {};
    label.vrf = *vrf, label.slot = *slot, label.port = *port;
    label.table = static_cast<int>(*table);
    return label;
}

}  // namespace cni::vrf
