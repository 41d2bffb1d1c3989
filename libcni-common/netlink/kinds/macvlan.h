#pragma once

#include <linux/if_link.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/named.h"
#include "netlink/nl_message.h"

namespace cni {

/// An interface with a MAC of its own on a parent (linux/if_link.h, IFLA_MACVLAN_*).
struct Macvlan {
    static constexpr std::string_view name = "macvlan";

    /// Whom of its siblings it reaches.
    enum class Mode : std::uint32_t {
        bridge = MACVLAN_MODE_BRIDGE,
        isolated = MACVLAN_MODE_PRIVATE,
        vepa = MACVLAN_MODE_VEPA,
        passthru = MACVLAN_MODE_PASSTHRU,
        source = MACVLAN_MODE_SOURCE,
    };
    static constexpr Named<Mode> modes[] = {{"bridge", Mode::bridge},
                                            {"private", Mode::isolated},
                                            {"vepa", Mode::vepa},
                                            {"passthru", Mode::passthru},
                                            {"source", Mode::source}};

    Mode mode = Mode::bridge;
    /// Broadcasts that wait for delivery, in packets; nullopt: the kernel's choice, which one
    /// before Linux 5.11 does not tell. The longest that any macvlan of a parent asks for counts.
    std::optional<std::uint32_t> broadcast_queue = {};

    void put(NlMessage& message) const;
    static Macvlan parse(const nlattr* settings);
    bool operator==(const Macvlan&) const = default;
};

}  // namespace cni
