#pragma once

#include <string>

namespace cni {

/// Whose netfilter rules: one attachment of a network.
struct Owner {
    std::string network;
    std::string container_id;
    std::string ifname;
};

/// "8e48f37d5de60467": what owner_hashes begins with for every owner of the network.
std::string network_hash(const std::string& network);
/// "8e48f37d5de60467-f4d01f2ef4b92245": network, then interface and container.
std::string owner_hashes(const Owner& owner);
constexpr std::size_t owner_hashes_length = 33;
/// "net: net1, if: eth0, id: c1": for people, without quotes; not cut.
std::string owner_text(const Owner& owner);
/// "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1": the hashes identify the owner,
/// the rest is for people and cut.
std::string owner_comment(const Owner& owner);
/// As much of a text as the `nft` program accepts in a comment.
std::string cut_comment(const std::string& text);

}  // namespace cni
