#pragma once

#include <array>
#include <string>
#include <string_view>

#include "iptables/extensions.h"
#include "netfilter/owner.h"

/// How the rules of iptables/masquerade.h are named and told apart.
namespace cni::ipt::masquerading {

inline constexpr const char* postrouting = "POSTROUTING";
constexpr std::string_view chain_prefix = "CNI-";

/// What the comments of all rules of a network begin with.
std::string comment_prefix(const std::string& network);

/// What is known of an owner's rules before they are seen.
struct Identity {
    explicit Identity(const Owner& owner);

    /// As much of the text as a comment holds, and as the reference plugins cut it.
    std::array<std::string, 2> comments() const;
    /// Whether it is a rule of the owner's container, whichever the interface.
    bool is_named_by(const Rule& rule) const;
    bool is_sealed_for(const Rule& rule) const { return seal_of(rule) == seal; }

    /// The reference plugins' first. The other one is for an attachment that finds that taken: by
    /// another interface of its container, or by a network and a container whose names make the
    /// same text.
    std::array<std::string, 2> chains;
    std::string text;
    Seal seal{};
};

/// Whether it is a rule of any container.
bool is_named_by_any(const Rule& rule);

}  // namespace cni::ipt::masquerading
