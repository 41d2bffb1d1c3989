#pragma once

#include <string_view>

#include "netlink/nl_message.h"

namespace cni {

/// An interface that drops what is sent through it: a place for addresses. It has no settings.
struct Dummy {
    static constexpr std::string_view name = "dummy";

    void put(NlMessage&) const {}
    static Dummy parse(const nlattr*) { return {}; }
    bool operator==(const Dummy&) const = default;
};

}  // namespace cni
