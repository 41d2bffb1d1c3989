#pragma once

#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// An interface through which another one's incoming packets are redirected, so that they pass its
/// queueing discipline ("intermediate functional block"). It has no settings.
struct Ifb {
    static constexpr std::string_view name = "ifb";

    void put(NlMessage&) const {}
    static Ifb parse(const nlattr*) { return {}; }
    bool operator==(const Ifb&) const = default;
};

}  // namespace cni
