#include "netfilter/owner.h"

#include "base/hash.h"
#include "base/text.h"

namespace cni {
namespace {

constexpr std::size_t comment_limit = 128;  // of the `nft` program

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

std::string owner_comment(const Owner& owner) {
    return cut_comment(cat(owner_hashes(owner), ", ", owner_text(owner)));
}

std::string cut_comment(const std::string& text) {
    return text.substr(0, comment_limit);
}

}  // namespace cni
