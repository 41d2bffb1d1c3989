#include "lease.h"

#include "base/text.h"
#include "cni/args.h"

namespace cni::host_local {
namespace {

constexpr std::string_view line_end = "\r\n";

// The kernel allows nearly everything in an interface name, but white space.
bool is_ifname(std::string_view text) {
    return !text.empty() && text.size() <= 15 && text.find_first_of(" \t\r\n\v\f") == text.npos;
}

}  // namespace

std::string lease_text(const AttachmentId& owner) {
    return cat(owner.container_id, line_end, owner.ifname);
}

std::optional<Holder> Holder::parse(std::string_view content) {
    if (content.empty() || content.find('\0') != content.npos) return {};
    return Holder{std::string(trim(content))};
}

std::optional<AttachmentId> Holder::owner() const {
    const auto end = text.find(line_end);
    const std::string id = text.substr(0, end);
    if (!is_valid_identifier(id)) return {};
    if (end == std::string::npos) return AttachmentId{id, ""};
    const std::string ifname = text.substr(end + line_end.size());
    if (!is_ifname(ifname)) return {};
    return AttachmentId{id, ifname};
}

std::uint64_t Holder::hash(const HashKey& key) const {
    return keyed_hash(key, owner() ? text : std::string());
}

}  // namespace cni::host_local
