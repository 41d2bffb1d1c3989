#include "netlink/rule.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <limits>

namespace cni {
namespace {

// Kernels may tell more than this program was built with names for (FRA_MAX).
constexpr int largest_attribute = 63;
using Attributes = NlAttributes<largest_attribute>;

std::string describe(const Rule& rule) {
    return cat("rule ", rule.from ? cat("from ", rule.from->to_string(), " ") : "",
               rule.to ? cat("to ", rule.to->to_string(), " ") : "", "lookup ",
               static_cast<std::uint32_t>(rule.table));
}

NlMessage message_of(int type, int flags, const Rule& rule) {
    fib_rule_hdr header{};
    header.family = static_cast<std::uint8_t>(Ip::any(rule.family).af());
    header.action = FR_ACT_TO_TBL;
    if (rule.from) header.src_len = static_cast<std::uint8_t>(rule.from->length);
    if (rule.to) header.dst_len = static_cast<std::uint8_t>(rule.to->length);
    NlMessage message(type, flags);
    message.header(header);
    if (rule.from) message.put(FRA_SRC, rule.from->ip.data(), rule.from->ip.size());
    if (rule.to) message.put(FRA_DST, rule.to->ip.data(), rule.to->ip.size());
    message.put_u32(FRA_TABLE, static_cast<std::uint32_t>(rule.table));
    if (rule.priority) message.put_u32(FRA_PRIORITY, *rule.priority);
    message.put_u8(FRA_PROTOCOL, rule.protocol);
    return message;
}

// What is told of every rule, whatever it looks at: fib_nl_fill_rule(), net/core/fib_rules.c.
bool is_plain_attribute(int attribute) {
    constexpr int plain[] = {FRA_DST,      FRA_SRC, FRA_PRIORITY,          FRA_TABLE,
                             FRA_PROTOCOL, FRA_PAD, FRA_SUPPRESS_PREFIXLEN};
    return std::ranges::find(plain, attribute) != std::end(plain);
}

bool is_plain(const fib_rule_hdr& header, const Attributes& attributes) {
    constexpr auto none = std::numeric_limits<std::uint32_t>::max();
    if (header.action != FR_ACT_TO_TBL || header.tos != 0 ||
        (header.flags & FIB_RULE_INVERT) != 0 ||
        attributes.get_or<std::uint32_t>(FRA_SUPPRESS_PREFIXLEN, none) != none)
        return false;
    for (int attribute = 0; attribute <= largest_attribute; ++attribute)
        if (attributes[attribute] && !is_plain_attribute(attribute)) return false;
    return true;
}

std::optional<Prefix> parse_prefix(std::span<const std::uint8_t> bytes, int length, Family family) {
    if (length == 0 || bytes.size() != Ip::any(family).size()) return {};
    return Prefix{Ip::from_bytes(family, bytes.data()), length};
}

void collect(std::vector<Rule>& found, const nlmsghdr* message) {
    if (nlmsg_datalen(message) < static_cast<int>(sizeof(fib_rule_hdr))) return;
    const auto& header = *static_cast<const fib_rule_hdr*>(nlmsg_data(message));
    if (header.family != AF_INET && header.family != AF_INET6) return;
    const Family family = header.family == AF_INET ? Family::v4 : Family::v6;
    if (std::max(header.src_len, header.dst_len) > Ip::any(family).bits()) return;
    const Attributes attributes(message, sizeof header);
    Rule rule{.family = family};
    rule.from = parse_prefix(attributes.bytes(FRA_SRC), header.src_len, family);
    rule.to = parse_prefix(attributes.bytes(FRA_DST), header.dst_len, family);
    rule.table = attributes.get_or<int>(FRA_TABLE, header.table);
    rule.priority = attributes.get_or<std::uint32_t>(FRA_PRIORITY, 0);
    rule.protocol = attributes.get_or<std::uint8_t>(FRA_PROTOCOL, 0);
    rule.is_plain = is_plain(header, attributes);
    found.push_back(rule);
}

}  // namespace

bool Rule::does_same(const Rule& other) const {
    return is_plain && other.is_plain && family == other.family && from == other.from &&
           to == other.to && table == other.table;
}

NlRequest add_rule(const Rule& rule) {
    return {message_of(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule),
            cat("failed to add ", describe(rule))};
}

NlRequest remove_rule(const Rule& rule) {
    return {message_of(RTM_DELRULE, 0, rule), cat("failed to delete ", describe(rule)), ENOENT};
}

std::vector<Rule> rules(Rtnl& rtnl) {
    std::vector<Rule> found;
    const auto query = [] {
        NlMessage message(RTM_GETRULE, 0);
        message.header(fib_rule_hdr{});
        return message;
    };
    rtnl.dump(
        query, "list rules", [&](const nlmsghdr* m) { collect(found, m); }, [&] { found.clear(); });
    return found;
}

}  // namespace cni
