#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cni/config.h"

namespace cni::host_local {

/// What a lease file holds, byte for byte as the reference plugin writes it: container id, CR LF,
/// interface name.
std::string lease_text(const AttachmentId& owner);

/// Who holds a lease: the text of its file without the white space around it. Either form of
/// lease_text, or just the container id (written before interfaces were told apart, a lease for
/// any of the container's). Other text is nobody's, and keeps its address taken.
struct Holder {
    std::string text;

    /// nullopt when the file cannot be a lease: it is empty or holds NUL bytes, which is what a
    /// crash leaves of one. Its address is free.
    static std::optional<Holder> parse(std::string_view content);
    /// The attachment; its ifname is empty in the old form. nullopt for any other text.
    std::optional<AttachmentId> owner() const;
};

/// A fixed 64-bit hash (FNV-1a) by which the index finds holders; never 0.
std::uint64_t hash(std::string_view text);

}  // namespace cni::host_local
