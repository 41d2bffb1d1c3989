#include "netfilter/owner_key.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"
#include "netfilter/nft_match.h"

namespace cni::nft {
namespace {

constexpr std::size_t hash_digits = 2 * sizeof(std::uint32_t);  // of a word
constexpr std::size_t hash_words = 4;

std::string hex(std::uint32_t word) {
    char digits[hash_digits];
    const auto end = std::to_chars(digits, digits + sizeof digits, word, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits);
    return std::string(hash_digits - length, '0').append(digits, length);
}

}  // namespace

Set owner_map(const std::string& name) {
    return {.name = name,
            .key_type = concatenated({type_mark, type_mark, type_mark, type_mark, type_mark}),
            .key_length = static_cast<std::uint32_t>(4 * (hash_words + 1))};
}

Bytes owner_key(const std::string& hashes, std::size_t index) {
    std::string digits = hashes;
    std::erase(digits, '-');
    Bytes key;
    const auto append = [&](std::uint32_t word) {
        const Bytes bytes = host_order(word);
        key.insert(key.end(), bytes.begin(), bytes.end());
    };
    for (std::size_t word = 0; word < hash_words; ++word)
        append(parse_int<std::uint32_t>(
                   std::string_view(digits).substr(word * hash_digits, hash_digits), 16)
                   .value());
    append(static_cast<std::uint32_t>(index));
    return key;
}

std::string parse_owner_key(const Bytes& key) {
    std::string out;
    for (std::size_t word = 0; word < hash_words && key.size() >= 4 * (word + 1); ++word) {
        std::uint32_t value = 0;
        std::memcpy(&value, key.data() + 4 * word, sizeof value);
        out += cat(word == hash_words / 2 ? "-" : "", hex(value));
    }
    return out;
}

}  // namespace cni::nft
