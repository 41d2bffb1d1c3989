#pragma once

#include <linux/if_link.h>

#include <cstdint>
#include <string_view>

#include "base/named.h"
#include "netlink/nl_message.h"

namespace cni {

/// An interface that shares the MAC of its parent (linux/if_link.h, IFLA_IPVLAN_*).
struct Ipvlan {
    static constexpr std::string_view name = "ipvlan";

    /// All interfaces of one parent have the same mode.
    enum class Mode : std::uint16_t {
        l2 = IPVLAN_MODE_L2,
        l3 = IPVLAN_MODE_L3,
        l3s = IPVLAN_MODE_L3S,
    };
    static constexpr Named<Mode> modes[] = {{"l2", Mode::l2}, {"l3", Mode::l3}, {"l3s", Mode::l3s}};

    /// Whom of its siblings it reaches (IPVLAN_F_*).
    enum class Isolation : std::uint16_t {
        bridge = 0,
        isolated = IPVLAN_F_PRIVATE,
        vepa = IPVLAN_F_VEPA,
    };
    static constexpr Named<Isolation> isolations[] = {
        {"bridge", Isolation::bridge}, {"private", Isolation::isolated}, {"vepa", Isolation::vepa}};

    Mode mode = Mode::l2;
    Isolation isolation = Isolation::bridge;

    void put(NlMessage& message) const;
    static Ipvlan parse(const nlattr* settings);
    bool operator==(const Ipvlan&) const = default;
};

}  // namespace cni
