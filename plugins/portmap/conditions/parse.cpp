#include "parse.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <algorithm>

namespace cni::portmap {
namespace {

template <typename Table>
std::optional<std::uint8_t> find_name(const Table& table, std::string_view name) {
    for (const auto& [known, value] : table)
        if (known == name) return value;
    return {};
}

constexpr std::pair<std::string_view, std::uint8_t> protocols[] = {
    {"tcp", IPPROTO_TCP},   {"udp", IPPROTO_UDP},       {"udplite", IPPROTO_UDPLITE},
    {"icmp", IPPROTO_ICMP}, {"icmpv6", IPPROTO_ICMPV6}, {"ipv6-icmp", IPPROTO_ICMPV6},
    {"esp", IPPROTO_ESP},   {"ah", IPPROTO_AH},         {"sctp", IPPROTO_SCTP},
    {"dccp", IPPROTO_DCCP}};

constexpr std::pair<std::string_view, std::uint8_t> address_types[] = {
    {"unspec", RTN_UNSPEC},       {"unicast", RTN_UNICAST},         {"local", RTN_LOCAL},
    {"broadcast", RTN_BROADCAST}, {"anycast", RTN_ANYCAST},         {"multicast", RTN_MULTICAST},
    {"blackhole", RTN_BLACKHOLE}, {"unreachable", RTN_UNREACHABLE}, {"prohibit", RTN_PROHIBIT}};

}  // namespace

std::optional<std::uint8_t> parse_protocol_name(std::string_view text) {
    if (const auto number = parse_int<std::uint8_t>(text)) return number;
    return find_name(protocols, text);
}

std::optional<std::uint8_t> parse_address_type(std::string_view text) {
    return find_name(address_types, text);
}

std::optional<std::uint32_t> parse_mark_number(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X"))
        return parse_int<std::uint32_t>(text.substr(2), 16);
    return parse_int<std::uint32_t>(text);
}

const std::string& Words::take(std::string_view what) {
    if (!at_end()) return words_[next_++];
    throw Error(Code::invalid_config, cat(quote(key_), " ends where ", what, " should follow"),
                join(words_, " "));
}

Error Words::rejected(std::string_view reason) const {
    return Error(
        Code::invalid_config, cat(quote(key_), ": word ", quote(words_[next_ - 1]), " ", reason),
        cat("in: ", join(words_, " "), "; docs/plugins/portmap.md lists what is understood"));
}

std::optional<Language> language_of(const std::vector<std::string>& words) {
    if (words.empty() || words[0].empty()) return {};
    return words[0][0] == '-' || words[0][0] == '!' ? Language::iptables : Language::nftables;
}

std::vector<Condition> parse_conditions(const Json& config, std::string_view key, Family family) {
    const std::vector<std::string> words = config.string_list(key);
    const auto language = language_of(words);
    if (!language) return {};
    return *language == Language::iptables
               ? parse_iptables_conditions(words, family, std::string(key))
               : parse_nft_conditions(words, family, std::string(key));
}

}  // namespace cni::portmap
