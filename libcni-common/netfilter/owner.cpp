#include "netfilter/owner.h"

#include "base/contains.h"
#include "base/hash.h"
#include "base/text.h"

namespace cni {
namespace {

constexpr std::size_t comment_limit = 128;  // of the `nft` program
constexpr std::size_t digest_digits = 64;
constexpr std::string_view separator = ", ";
constexpr std::size_t kept_beside_digest = comment_limit - separator.size() - digest_digits;

std::string short_hash(const std::string& text) {
    constexpr std::size_t length = 16;
    return sha512_hex(text).substr(0, length);
}

}  // namespace

std::string network_hash(const std::string& network) {
    return short_hash(network);
}

std::string owner_hashes(const Owner& owner) {
    return cat(network_hash(owner.network), "-",
               short_hash(cat(owner.ifname, ":", owner.container_id)));
}

std::string owner_text(const Owner& owner) {
    std::string text =
        cat("net: ", owner.network, ", if: ", owner.ifname, ", id: ", owner.container_id);
    std::erase(text, '"');
    return text;
}

std::string owner_digest(const Owner& owner) {
    return sha512_hex(cat("owner/", owner.network, "/", owner.container_id, "/", owner.ifname));
}

std::vector<std::uint8_t> owner_digest_bytes(const Owner& owner, std::size_t count) {
    const std::string digest = owner_digest(owner);
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes.push_back(
            parse_int<std::uint8_t>(std::string_view(digest).substr(2 * i, 2), 16).value());
    return bytes;
}

std::vector<std::string> owner_comments(const Owner& owner) {
    const std::string hashes = cat(owner_hashes(owner), separator), text = owner_text(owner);
    const std::string whole = hashes + text;
    if (whole.size() <= comment_limit) return {whole};
    const std::string digest = owner_digest(owner).substr(0, digest_digits);
    return {cat(whole.substr(0, kept_beside_digest), separator, digest), cut_comment(whole)};
}

std::string owner_comment(const Owner& owner) {
    return owner_comments(owner).front();
}

bool is_comment_of(const Owner& owner, std::string_view comment) {
    // Most comments are somebody else's.
    if (!comment.starts_with(owner_hashes(owner))) return false;
    const auto known = owner_comments(owner);
    return contains(known, comment);
}

bool is_comment_of_network(const std::string& network, std::string_view comment) {
    const std::string hash = network_hash(network) + "-";
    const std::string name = cat(separator, "net: ", network, ", if: ");
    comment = comment.substr(0, kept_beside_digest);
    return comment.size() > owner_hashes_length && comment.starts_with(hash) &&
           (comment.substr(owner_hashes_length).starts_with(name) ||
            std::string_view(name).starts_with(comment.substr(owner_hashes_length)));
}

std::string cut_comment(const std::string& text) {
    return text.substr(0, comment_limit);
}

}  // namespace cni
