#include <gmock/gmock.h>

#include "base/text.h"
#include "ipam/dhcp/protocol/domains.h"
#include "ipam/dhcp/protocol/options4.h"

namespace cni::dhcp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Ip ip(const char* text) {
    return Ip::parse(text).value();
}

Route route(const char* destination, const char* router = nullptr) {
    Route route{.dst = Prefix::parse(destination).value()};
    if (router) route.gw = ip(router);
    return route;
}

/// Bytes of a text in which "<n>" stands for a byte n.
Bytes bytes(std::string_view text) {
    Bytes out;
    while (!text.empty()) {
        const auto close = text[0] == '<' ? text.find('>') : 0;
        out.push_back(close ? *parse_int<std::uint8_t>(text.substr(1, close - 1))
                            : static_cast<std::uint8_t>(text[0]));
        text.remove_prefix(close + 1);
    }
    return out;
}

TEST(DhcpOptions4, MasksAreContiguous) {
    const auto length = [](Bytes mask) {
        return prefix_length({{option4::subnet_mask, std::move(mask)}});
    };
    EXPECT_EQ(length({255, 255, 255, 0}), 24);
    EXPECT_EQ(length({128, 0, 0, 0}), 1);
    EXPECT_EQ(length({255, 255, 255, 255}), 32);
    for (const Bytes& mask : {Bytes{0, 0, 0, 0}, Bytes{255, 0, 255, 0}, Bytes{255, 255, 255},
                              Bytes{255, 255, 255, 0, 0}, Bytes{}, Bytes{0, 255, 255, 255}})
        EXPECT_EQ(length(mask), std::nullopt);
    EXPECT_EQ(prefix_length({}), std::nullopt);
}

TEST(DhcpOptions4, AddressesAreThoseThatHostsHave) {
    const Options4 options{
        {option4::dns_servers, {10,  0, 0, 1, 0,   0,   0,   0,   224, 0,   0,   1,
                                127, 0, 0, 1, 255, 255, 255, 255, 169, 254, 169, 254}},
        {option4::routers, {0, 0, 0, 0, 10, 0, 0, 7}},
        {option4::server_id, {10, 0, 0, 1, 10, 0, 0, 2}},
        {option4::ntp_servers, {10, 0, 0}}};
    EXPECT_THAT(dns_servers(options), ElementsAre(ip("10.0.0.1"), ip("169.254.169.254")));
    EXPECT_EQ(gateway(options), ip("10.0.0.7"));
    EXPECT_EQ(find_address(options, option4::server_id), std::nullopt);
    EXPECT_THAT(addresses_in(options, option4::ntp_servers), IsEmpty());
    EXPECT_EQ(gateway({}), std::nullopt);
    EXPECT_EQ(gateway({{option4::routers, {10, 0, 0, 1, 10}}}), std::nullopt);
    EXPECT_EQ(find_address({{54, {127, 0, 0, 1}}}, 54), std::nullopt);
    EXPECT_EQ(find_address({{54, {10, 0, 0, 1}}}, 54), ip("10.0.0.1"));
}

TEST(DhcpOptions4, ClasslessRoutesReplaceTheOthers) {
    Options4 options{{option4::classless_routes, {24, 192, 168, 5, 10, 0, 0, 2}},
                     {option4::static_routes, {10, 9, 9, 9, 10, 0, 0, 3}},
                     {option4::routers, {10, 0, 0, 1}}};
    EXPECT_THAT(routes(options), ElementsAre(route("192.168.5.0/24", "10.0.0.2")));
    options.erase(option4::classless_routes);
    EXPECT_THAT(routes(options),
                ElementsAre(route("10.0.0.0/8", "10.0.0.3"), route("0.0.0.0/0", "10.0.0.1")));
    EXPECT_THAT(routes({}), IsEmpty());
}

TEST(DhcpOptions4, ClasslessRoutesHaveAsManyBytesAsTheyNeed) {
    const auto classless = [](Bytes option) {
        return routes({{option4::classless_routes, std::move(option)}});
    };
    EXPECT_THAT(classless({0,  10, 0, 0, 1,  8, 10, 10, 0, 0, 2, 9, 10, 255,
                           10, 0,  0, 3, 32, 1, 2,  3,  4, 0, 0, 0, 0}),
                ElementsAre(route("0.0.0.0/0", "10.0.0.1"), route("10.0.0.0/8", "10.0.0.2"),
                            route("10.128.0.0/9", "10.0.0.3"), route("1.2.3.4/32")));
    EXPECT_THAT(classless({}), IsEmpty());
}

TEST(DhcpOptions4, ClasslessRoutesThatAreWrongAreNone) {
    for (const Bytes& option : {Bytes{33, 1, 2, 3, 4, 5, 10, 0, 0, 1}, Bytes{24}, Bytes{24, 1, 2},
                                Bytes{24, 1, 2, 3}, Bytes{24, 1, 2, 3, 10, 0, 0},
                                Bytes{0, 10, 0, 0, 1, 8}, Bytes{0, 224, 0, 0, 1}, Bytes{255}})
        EXPECT_THAT(routes({{option4::classless_routes, option}, {3, {10, 0, 0, 1}}}),
                    ElementsAre(route("0.0.0.0/0", "10.0.0.1")));
}

TEST(DhcpOptions4, StaticRoutesHaveTheMaskOfTheirClass) {
    EXPECT_THAT(
        routes({{option4::static_routes,
                 {127, 1, 1, 1, 10, 0, 0, 1,  128, 1, 1, 1,  10, 0, 0, 2, 192, 1, 1, 1,  10,
                  0,   0, 3, 0, 0,  0, 0, 10, 0,   0, 4, 10, 0,  0, 0, 0, 0,   0, 0, 10, 1}}}),
        ElementsAre(route("127.0.0.0/8", "10.0.0.1"), route("128.1.0.0/16", "10.0.0.2"),
                    route("192.1.1.0/24", "10.0.0.3")));
}

TEST(DhcpOptions4, MtusAreNotSmallerThanHostsMustBear) {
    const auto told = [](Bytes option) {
        return mtu({{option4::interface_mtu, std::move(option)}});
    };
    EXPECT_EQ(told({5, 220}), 1500);
    EXPECT_EQ(told({2, 64}), 576);
    EXPECT_EQ(told({255, 255}), 65535);
    for (const Bytes& option :
         {Bytes{2, 63}, Bytes{0, 68}, Bytes{0, 0}, Bytes{5}, Bytes{0, 0, 5, 220}})
        EXPECT_EQ(told(option), std::nullopt);
    EXPECT_EQ(mtu({}), std::nullopt);
}

TEST(DhcpOptions4, NamesAreFitForAResolvConf) {
    const auto name = [](std::string_view text) {
        return domain_name({{option4::domain_name, to_bytes(text)}});
    };
    EXPECT_EQ(name("example.com"), "example.com");
    EXPECT_EQ(name(std::string_view("_x-1.example\0\0", 14)), "_x-1.example");
    EXPECT_EQ(name("example.com."), "example.com");
    for (const std::string& text :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
          std::string("a b"), std::string("a\nnameserver 1.2.3.4"), std::string("a\0b", 3),
          std::string("\xc3\xa4"), std::string(64, 'a'), std::string("a#"), std::string("a..")})
        EXPECT_EQ(name(text), "") << text;
    std::string longest;
    for (int i = 0; i < 127; ++i) longest += i ? ".a" : "a";
    EXPECT_TRUE(is_domain_name(longest));
    EXPECT_FALSE(is_domain_name(longest + "a"));
    EXPECT_TRUE(is_domain_name(std::string(63, 'a')));
}

TEST(DhcpOptions4, TextsArePrintable) {
    EXPECT_EQ(text_in({{56, bytes("no<10>lease<0><0>")}}, 56), "no?lease");
    EXPECT_EQ(text_in({{56, bytes("<0><200>")}}, 56), "??");
    EXPECT_EQ(text_in({}, 56), "");
}

TEST(DhcpDomains, AreReadWithTheirPointers) {
    EXPECT_THAT(*parse_domains(bytes("<3>eng<5>apple<3>com<0><9>marketing<192><4>")),
                ElementsAre("eng.apple.com", "marketing.apple.com"));
    EXPECT_THAT(*parse_domains(bytes("<1>a<0><1>b<192><0><192><3><1>c<0>")),
                ElementsAre("a", "b.a", "b.a", "c"));
    EXPECT_THAT(*parse_domains({}), IsEmpty());
    EXPECT_THAT(search_list({{option4::domain_search, bytes("<1>a<0>")}}), ElementsAre("a"));
    EXPECT_THAT(search_list({{option4::domain_search, bytes("<1>a")}}), IsEmpty());
    EXPECT_THAT(search_list({}), IsEmpty());
}

TEST(DhcpDomains, PointersLeadBackwardsOrNowhere) {
    for (const std::string_view list :
         {"<192><0>", "<1>a<192><0>", "<1>a<192><2>", "<1>a<192><4>", "<192>", "<1>a<192>",
          "<1>a<0><1>b<192><9>", "<1>a<0><1>b<255><255>", "<1>a<0><192><3>",
          // Two that lead to each other.
          "<1>a<192><4><192><0>"})
        EXPECT_EQ(parse_domains(bytes(list)), std::nullopt) << list;
}

TEST(DhcpDomains, WhatIsNoNameMakesTheListWrong) {
    for (const std::string_view list :
         {"<1>a", "<2>a", "<1>a<0><0>", "<0>", "<1> <0>", "<1>.<0>",
          "<64>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaa<0>",
          "<128>a<0>", "<1>a<0><1>"})
        EXPECT_EQ(parse_domains(bytes(list)), std::nullopt) << list;
}

TEST(DhcpDomains, AreNotMoreThanAnybodyNeeds) {
    Bytes list = bytes("<1>a<0>");
    for (int i = 1; i < 64; ++i) put(list, bytes("<192><0>"));
    EXPECT_EQ(parse_domains(list)->size(), 64u);
    put(list, bytes("<192><0>"));
    EXPECT_EQ(parse_domains(list), std::nullopt);
    // A name that grows with each pointer, to more than a name may have.
    Bytes growing = bytes("<63>");
    growing.insert(growing.end(), 63, 'a');
    growing.push_back(0);
    std::size_t last = 0;
    for (int i = 0; i < 3; ++i) {
        const std::size_t at = growing.size();
        growing.push_back(63);
        growing.insert(growing.end(), 63, 'a');
        put_u16(growing, 0xc000 | last);
        last = at;
    }
    EXPECT_EQ(parse_domains(growing), std::nullopt);
}

}  // namespace
}  // namespace cni::dhcp
