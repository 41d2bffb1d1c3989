#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cni/config.h"
#include "hashes.h"

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
    /// By which the index finds it. All that are nobody's have the same.
    std::uint64_t hash(const HashKey& key) const;
};

}  // namespace cni::host_local
