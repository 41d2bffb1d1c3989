#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cni::tool {

/// What a plugin says that it is when it is started without a command (docs/protocol.md).
struct PluginVersion {
    using Numbers = std::array<unsigned, 3>;
    Numbers reference{};  ///< of "CNI bridge plugin v1.9.1", whoever made it
    Numbers own{};        ///< of "cnixx 0.2.0"; zeros of anybody else's

    /// nullopt without a first line that names a release.
    static std::optional<PluginVersion> parse(std::string_view said);
    /// That of this program, and of the plugins that are published with it.
    static PluginVersion ours();
    /// Starts the plugin. nullopt when it says nothing, or cannot be started here.
    static std::optional<PluginVersion> ask(const std::string& path);

    /// "v1.9.1", "v1.9.1 (cnixx 0.2.0)"
    std::string to_string() const;
    auto operator<=>(const PluginVersion&) const = default;
};

}  // namespace cni::tool
