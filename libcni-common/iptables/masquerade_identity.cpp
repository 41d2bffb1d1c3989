#include "iptables/masquerade_identity.h"

#include <algorithm>

#include "base/contains.h"
#include "base/hash.h"
#include "base/text.h"
#include "iptables/masquerade.h"

namespace cni::ipt {
namespace masquerading {
namespace {

constexpr std::size_t chain_length = 28;
constexpr std::string_view any_comment_prefix = "name: \"";

std::string chain_name(const std::string& hashed) {
    return cat(chain_prefix, sha512_hex(hashed)).substr(0, chain_length);
}

}  // namespace

std::string comment_prefix(const std::string& network) {
    return cat(any_comment_prefix, network, "\" id: \"");
}

Identity::Identity(const Owner& owner)
    : chains{masquerade_chain(owner.network, owner.container_id),
             chain_name(cat("masquerade/", owner_digest(owner)))},
      text(masquerade_comment(owner.network, owner.container_id)) {
    std::ranges::copy(owner_digest_bytes(owner, seal.size()), seal.begin());
}

std::array<std::string, 2> Identity::comments() const {
    constexpr std::size_t longest = 255, kept = 253;
    if (text.size() <= longest) return {text, text};
    return {text.substr(0, longest), cat(text.substr(0, kept), "..")};
}

bool Identity::is_named_by(const Rule& rule) const {
    return contains(comments(), rule.comment());
}

bool is_named_by_any(const Rule& rule) {
    return rule.comment().starts_with(any_comment_prefix);
}

}  // namespace masquerading

std::string masquerade_chain(const std::string& network, const std::string& container_id) {
    return masquerading::chain_name(cat(network, container_id));
}

std::string masquerade_comment(const std::string& network, const std::string& container_id) {
    return cat(masquerading::comment_prefix(network), container_id, "\"");
}

}  // namespace cni::ipt
