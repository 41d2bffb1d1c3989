#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/ip.h"

namespace cni {

/// Every version of the specification that is spoken, oldest first.
constexpr std::array<std::string_view, 7> supported_versions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                                                "0.4.0", "1.0.0", "1.1.0"};

/// The shapes results have had.
enum class ResultFamily { v0_1, v0_3, v1_0 };  ///< 0.1-0.2, 0.3-0.4, 1.0-1.1

/// A parsed "major.minor.patch"; missing parts are 0.
struct Version {
    int major = 0, minor = 0, patch = 0;
    /// One to three dot-separated integers.
    static std::optional<Version> parse(std::string_view text);
    auto operator<=>(const Version&) const = default;
};

bool is_supported(std::string_view version);
/// `version` must be supported. "" is 0.1.0.
ResultFamily family_of(std::string_view version);
/// Whether `version` is at least `least`. Both must parse; "" is 0.1.0.
bool at_least(std::string_view version, std::string_view least);

/// Throws Error(incompatible_version), naming what is supported, unless `version` is.
void require_supported(std::string_view version);

/// Of the addresses of a result: before 0.3.0 it has one of each family. Throws
/// Error(invalid_config).
void require_one_per_family(const std::vector<Family>& families, const std::string& version);

}  // namespace cni
