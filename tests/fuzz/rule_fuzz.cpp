// Rules: conditions as users write them, a line each word, and what the kernel lists.
#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "iptables/nft_rule_codec.h"
#include "netfilter/nft_expr.h"
#include "plugins/portmap/conditions/parse.h"
#include "plugins/portmap/nftables/conditions.h"

namespace {

using cni::Family;

constexpr Family families[] = {Family::v4, Family::v6};

void read_conditions(std::string_view text) {
    std::vector<std::string> words;
    for (const auto line : cni::split(text, '\n')) words.emplace_back(line);
    for (const Family family : families) {
        const auto attempt = [&](auto parse) {
            try {
                cni::portmap::nftables::condition_rules(parse(words, family, "conditionsV4"));
            } catch (const cni::Error& error) {
                if (error.code != cni::Code::invalid_config) __builtin_trap();
            }
        };
        attempt(cni::portmap::parse_iptables_conditions);
        attempt(cni::portmap::parse_nft_conditions);
    }
}

void read_listed(std::string_view text) {
    // As the attribute of a message would hold it; the kernel's lengths are within the message.
    constexpr std::size_t longest = 4096;
    const std::size_t size = std::min(text.size(), longest);
    std::vector<std::uint8_t> nest(NLA_HDRLEN + size);
    nlattr head{};
    head.nla_len = static_cast<std::uint16_t>(nest.size());
    std::memcpy(nest.data(), &head, sizeof head);
    std::memcpy(nest.data() + NLA_HDRLEN, text.data(), size);
    const auto* attribute = reinterpret_cast<const nlattr*>(nest.data());
    cni::nft::parse_data(attribute);
    cni::nft::parse_verdict(attribute);
    const cni::nft::ListedRule listed{1, {}, cni::nft::parse_rule(attribute)};
    for (const Family family : families) cni::ipt::from_nft(listed, family);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_conditions(text);
    read_listed(text);
    return 0;
}
