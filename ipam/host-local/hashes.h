#pragma once

#include <cstdint>
#include <string_view>

namespace cni::host_local {

/// What makes hashes of text that users choose unforeseeable to them.
struct HashKey {
    std::uint64_t first = 0, second = 0;

    static HashKey random();
};

/// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
std::uint64_t keyed_hash(const HashKey& key, std::string_view bytes);

/// FNV-1a of an id that no user chooses, and never 0. Kept in files: it must not change.
std::uint64_t hash_of_id(std::string_view id);

}  // namespace cni::host_local
