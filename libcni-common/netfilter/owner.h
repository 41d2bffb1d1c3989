#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

/// Whose netfilter rules: one attachment of a network.
struct Owner {
    std::string network;
    std::string container_id;
    std::string ifname;
    bool operator==(const Owner&) const = default;
};

/// "8e48f37d5de60467": what owner_hashes begins with for every owner of the network.
std::string network_hash(const std::string& network);
/// "8e48f37d5de60467-f4d01f2ef4b92245": network, then interface and container.
std::string owner_hashes(const Owner& owner);
constexpr std::size_t owner_hashes_length = 33;
/// "net: net1, if: eth0, id: c1": for people, without quotes; not cut.
std::string owner_text(const Owner& owner);
/// "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1": the hashes find the rules of
/// an owner; whose they are only the whole comment proves. Where that does not fit, the text is cut
/// and ends in the first 64 digits of owner_digest.
std::string owner_comment(const Owner& owner);
/// Whether a comment is this owner's: as owner_comment writes it, or as the reference plugins and
/// earlier versions cut it.
bool is_comment_of(const Owner& owner, std::string_view comment);
/// Whether a comment is one of an owner of the network: by its hash and, as far as that is there,
/// by its name.
bool is_comment_of_network(const std::string& network, std::string_view comment);
/// Every comment that is_comment_of accepts.
std::vector<std::string> owner_comments(const Owner& owner);
/// The SHA-512, in hex, of all three parts with what none of them can hold between them.
std::string owner_digest(const Owner& owner);
/// The first `count` bytes of it.
std::vector<std::uint8_t> owner_digest_bytes(const Owner& owner, std::size_t count);
/// As much of a text as the `nft` program accepts in a comment.
std::string cut_comment(const std::string& text);

}  // namespace cni
