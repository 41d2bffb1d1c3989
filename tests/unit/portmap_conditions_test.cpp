#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "plugins/portmap/conditions/parse.h"
#include "support/thrown.h"

namespace cni::portmap {
namespace {

using nft::Side;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string quoted_list(const std::string& words) {
    std::vector<std::string> quoted;
    for (const auto word : split(words, ' ')) quoted.push_back(quote(word));
    return cat("[", join(quoted, ", "), "]");
}

/// `words` are separated by blanks, each an element of the list.
std::vector<Condition> parse(const std::string& words, Family family = Family::v4) {
    const Json json = Json::parse(cat("{\"conditions\": ", quoted_list(words), "}"), "test");
    return parse_conditions(json, "conditions", family);
}

std::string rejected(const std::string& words, Family family = Family::v4) {
    const Error error = test::thrown([&] { parse(words, family); });
    EXPECT_EQ(error.code, Code::invalid_config);
    return error.msg;
}

std::vector<Prefix> networks(std::initializer_list<const char*> texts) {
    std::vector<Prefix> out;
    for (const char* text : texts) out.push_back(*Prefix::parse(text));
    return out;
}

const Condition from_ten = AddressCondition{Side::source, networks({"10.0.0.0/8"})};

TEST(PortmapConditions, TheFirstWordTellsTheLanguage) {
    EXPECT_EQ(language_of({}), std::nullopt);
    EXPECT_EQ(language_of({""}), std::nullopt);
    EXPECT_EQ(language_of({"!", "-s"}), Language::iptables);
    EXPECT_EQ(language_of({"ip"}), Language::nftables);
    EXPECT_THAT(parse(""), IsEmpty());
}

TEST(PortmapConditions, BothLanguagesSayTheSame) {
    const std::pair<const char*, const char*> pairs[] = {
        {"-s 10.1.2.3/8", "ip saddr 10.0.0.0/8"},
        {"--dst 10.0.0.1,10.2.0.0/16", "ip daddr { 10.0.0.1, 10.2.0.0/16 }"},
        {"! -d 192.0.2.0/24", "ip daddr != 192.0.2.0/24"},
        {"-i eth+ ! -o eth1", "meta iifname eth* oifname != eth1"},
        {"-m addrtype ! --src-type LOCAL,UNICAST", "fib saddr type != {local, unicast}"},
        {"-m mark --mark 0x10/0xf0", "meta mark and 0xf0 == 16"},
        {"-p UDP", "meta l4proto udp"},
    };
    for (const auto& [iptables, nft] : pairs) EXPECT_EQ(parse(iptables), parse(nft)) << nft;
}

TEST(PortmapConditions, IptablesWords) {
    EXPECT_THAT(parse("-s 10.9.9.9/255.0.0.0"), ElementsAre(from_ten));
    EXPECT_THAT(parse("! -i eth0.5 -m addrtype --dst-type local"),
                ElementsAre(InterfaceCondition{false, {"eth0.5"}, true},
                            AddressTypeCondition{Side::destination, {RTN_LOCAL}, false}));
    EXPECT_THAT(parse("-m mark ! --mark 1"), ElementsAre(MarkCondition{1, ~0u, true}));
    EXPECT_THAT(parse("-m set ! --match-set trusted src,dst"),
                ElementsAre(SetCondition{"trusted", {Side::source, Side::destination}, true}));
    EXPECT_THAT(parse("-p all"), IsEmpty());
    EXPECT_THAT(parse("-s fd00::/8", Family::v6),
                ElementsAre(AddressCondition{Side::source, networks({"fd00::/8"})}));
}

TEST(PortmapConditions, NftWords) {
    EXPECT_THAT(parse("ip saddr==10.0.0.0/8"), ElementsAre(from_ten));
    EXPECT_THAT(parse("iif \"lo\" ip protocol { tcp,udp }"),
                ElementsAre(InterfaceCondition{false, {"lo"}},
                            ProtocolCondition{{IPPROTO_TCP, IPPROTO_UDP}}));
    EXPECT_THAT(parse("ip6 nexthdr 132", Family::v6), ElementsAre(ProtocolCondition{{132}}));
    EXPECT_THAT(parse("mark != 0x1"), ElementsAre(MarkCondition{1, ~0u, true}));
}

TEST(PortmapConditions, WhatIsNotUnderstoodIsNamed) {
    EXPECT_EQ(rejected("-s 10.0.0.0/8 --random"),
              "\"conditions\": word \"--random\" is not understood");
    EXPECT_THAT(rejected("-m statistic --mode nth"), HasSubstr("\"statistic\" is a match"));
    EXPECT_THAT(rejected("! -s 10.0.0.1,10.0.0.2"), HasSubstr("is a list"));
    EXPECT_THAT(rejected("-s fd00::1"), HasSubstr("no address of this family"));
    EXPECT_THAT(rejected("--src-type LOCAL"), HasSubstr("\"--src-type\" is not understood"));
    EXPECT_THAT(rejected("--match-set trusted src"), HasSubstr("\"--match-set\" is not under"));
    EXPECT_THAT(rejected("-m set --match-set trusted in"), HasSubstr("neither src nor dst"));
    EXPECT_THAT(rejected("-i averyveryverylongname"), HasSubstr("is no interface name"));
    EXPECT_EQ(rejected("! -i +"), "\"conditions\": word \"+\" stands for every interface");
    EXPECT_THAT(rejected("iifname *"), HasSubstr("\"*\" stands for every interface"));
    EXPECT_EQ(rejected("-s"), "\"conditions\" ends where an address should follow");
    EXPECT_EQ(rejected("ip ttl 3"), "\"conditions\": word \"ttl\" is not understood");
    EXPECT_THAT(rejected("ip6 saddr fd00::1"), HasSubstr("\"ip6\" is the other family"));
    EXPECT_THAT(rejected("ip saddr { 10.0.0.1 10.0.0.2 }"), HasSubstr("should"));
    EXPECT_THAT(rejected("ip saddr @set"), HasSubstr("\"@set\""));
    EXPECT_THAT(rejected("tcp dport 80"), HasSubstr("\"tcp\" is not understood"));
    EXPECT_THAT(rejected("iifname \"eth0"), HasSubstr("open quotation"));
    EXPECT_THAT(rejected("meta mark 0x1ffffffff"), HasSubstr("is no mark"));
    EXPECT_THAT(rejected("fib daddr oif"), HasSubstr("\"oif\" is not understood"));
}

}  // namespace
}  // namespace cni::portmap
