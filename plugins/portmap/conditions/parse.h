#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../forwarding.h"
#include "cni/json.h"

/// "conditionsV4" and "conditionsV6": match arguments in the language of iptables or nft, one word
/// for each element of the list. What is understood stands in docs/plugins/portmap.md; every other
/// word is an error that names it.
namespace cni::portmap {

/// The longest name of a chain of iptables.
constexpr std::size_t max_chain_name = 28;

enum class Language { iptables, nftables };
/// By its first word: iptables' begin with "-" or "!". nullopt when there is none.
std::optional<Language> language_of(const std::vector<std::string>& words);

/// Throws Error(invalid_config) naming the word.
std::vector<Condition> parse_conditions(const Json& config, std::string_view key, Family family);

/// The languages by themselves; `words` is not empty.
std::vector<Condition> parse_iptables_conditions(const std::vector<std::string>& words,
                                                 Family family, const std::string& key);
std::vector<Condition> parse_nft_conditions(const std::vector<std::string>& words, Family family,
                                            const std::string& key);

/// An IPPROTO_* by name or number; nullopt for others.
std::optional<std::uint8_t> parse_protocol_name(std::string_view text);
/// An RTN_* by its name in lower case ("local").
std::optional<std::uint8_t> parse_address_type(std::string_view text);
/// A number of 32 bits, decimal or with 0x.
std::optional<std::uint32_t> parse_mark_number(std::string_view text);

/// Why a name of nothing but a wildcard is rejected.
constexpr std::string_view every_interface = "stands for every interface";

/// What both parsers walk along.
class Words {
public:
    Words(const std::vector<std::string>& words, const std::string& key)
        : words_(words), key_(key) {}
    bool at_end() const { return next_ == words_.size(); }
    bool at(std::string_view word) const { return !at_end() && words_[next_] == word; }
    /// Goes on when the next word is this one.
    bool skip(std::string_view word) {
        const bool found = at(word);
        if (found) ++next_;
        return found;
    }
    /// Throws when there is none: `what` should have come.
    const std::string& take(std::string_view what);
    /// The error of the word taken last.
    Error rejected(std::string_view reason) const;

private:
    const std::vector<std::string>& words_;
    const std::string& key_;
    std::size_t next_ = 0;
};

}  // namespace cni::portmap
