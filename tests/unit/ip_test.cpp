#include "net/ip.h"

#include <gtest/gtest.h>

namespace cni {
namespace {

std::string round_trip(std::string_view text) {
    const auto ip = Ip::parse(text);
    return ip ? ip->to_string() : "invalid";
}

std::string prefix_round_trip(std::string_view text) {
    const auto prefix = Prefix::parse(text);
    return prefix ? prefix->to_string() : "invalid";
}

Ip ip(std::string_view text) {
    return Ip::parse(text).value();
}
Prefix prefix(std::string_view text) {
    return Prefix::parse(text).value();
}

TEST(Ip, PrintsCanonicalText) {
    EXPECT_EQ(round_trip("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(round_trip("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
    EXPECT_EQ(round_trip("0:0:0:0:0:0:0:0"), "::");
    EXPECT_EQ(round_trip("fd00:0:0:1:0:0:0:2"), "fd00:0:0:1::2");
}

TEST(Ip, TakesMappedAddressesForIpv4) {
    EXPECT_EQ(round_trip("::ffff:10.1.2.3"), "10.1.2.3");
    EXPECT_EQ(round_trip("::ffff:a01:203"), "10.1.2.3");
    EXPECT_EQ(ip("::ffff:10.1.2.3"), ip("10.1.2.3"));
    EXPECT_TRUE(ip("::ffff:10.1.2.3").is_v4());
}

TEST(Ip, RefusesWhatIsNoAddress) {
    for (const char* text :
         {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.04", " 1.2.3.4", "1.2.3.4 ",
          "1.2.3.4/24", "fe80::1%eth0", ":::", "1::2::3", "12345::", "g::", "0x7f.0.0.1",
          "localhost", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"})
        EXPECT_EQ(round_trip(text), "invalid") << text;
    EXPECT_FALSE(Ip::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(Ip, ClassifiesAddresses) {
    EXPECT_TRUE(ip("0.0.0.0").is_any());
    EXPECT_TRUE(ip("::").is_any());
    EXPECT_FALSE(ip("::1").is_any());
    EXPECT_TRUE(ip("224.0.0.1").is_multicast());
    EXPECT_TRUE(ip("239.255.255.255").is_multicast());
    EXPECT_FALSE(ip("240.0.0.1").is_multicast());
    EXPECT_TRUE(ip("ff02::1").is_multicast());
    for (const char* text :
         {"10.0.0.1", "192.0.2.1", "240.0.0.1", "fd00::1", "2001:db8::1", "fec0::1"})
        EXPECT_TRUE(ip(text).is_global_unicast()) << text;
    for (const char* text : {"0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255",
                             "::", "::1", "fe80::1", "febf::1", "ff02::1"})
        EXPECT_FALSE(ip(text).is_global_unicast()) << text;
}

TEST(Ip, StepsAcrossOctetsAndStopsAtTheEnds) {
    EXPECT_EQ(ip("10.0.0.255").next(), ip("10.0.1.0"));
    EXPECT_EQ(ip("10.0.1.0").previous(), ip("10.0.0.255"));
    EXPECT_EQ(ip("fd00::ffff").next(), ip("fd00::1:0"));
    EXPECT_EQ(ip("fd00::1:0").previous(), ip("fd00::ffff"));
    EXPECT_FALSE(ip("255.255.255.255").next());
    EXPECT_FALSE(ip("0.0.0.0").previous());
    EXPECT_FALSE(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").next());
    EXPECT_FALSE(ip("::").previous());
}

TEST(Ip, MasksAndFillsAtAnyBit) {
    EXPECT_EQ(ip("10.255.255.255").masked(12), ip("10.240.0.0"));
    EXPECT_EQ(ip("10.0.0.0").filled(12), ip("10.15.255.255"));
    EXPECT_EQ(ip("10.1.2.3").masked(0), ip("0.0.0.0"));
    EXPECT_EQ(ip("10.1.2.3").masked(32), ip("10.1.2.3"));
    EXPECT_EQ(ip("10.1.2.3").filled(31), ip("10.1.2.3"));
    EXPECT_EQ(ip("fd00::ffff").masked(120), ip("fd00::ff00"));
    EXPECT_EQ(ip("fd00::").filled(65), ip("fd00::7fff:ffff:ffff:ffff"));
}

TEST(Ip, OrdersByFamilyThenValue) {
    EXPECT_LT(ip("255.255.255.255"), ip("::"));
    EXPECT_LT(ip("10.0.0.9"), ip("10.0.0.10"));
    EXPECT_LT(ip("fd00::9"), ip("fd00::10"));
}

TEST(Prefix, KeepsHostBits) {
    EXPECT_EQ(prefix_round_trip("10.1.2.3/24"), "10.1.2.3/24");
    EXPECT_EQ(prefix_round_trip("FD00::1/64"), "fd00::1/64");
    EXPECT_EQ(prefix("10.1.2.3/24").network(), prefix("10.1.2.0/24"));
    EXPECT_EQ(prefix("10.1.2.3/24").last(), ip("10.1.2.255"));
}

TEST(Prefix, CountsTheBitsOfMappedAddressesFromTheIpv4Part) {
    EXPECT_EQ(prefix_round_trip("::ffff:10.1.2.3/120"), "10.1.2.3/24");
    EXPECT_EQ(prefix_round_trip("::ffff:10.1.2.3/96"), "10.1.2.3/0");
    EXPECT_EQ(prefix_round_trip("::ffff:10.1.2.3/95"), "invalid");
}

TEST(Prefix, RefusesWhatIsNoCidr) {
    for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "/24", "10.0.0.0/33", "fd00::/129",
                             "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8/8",
                             "10.0.0.0/0x8", "10.0.0.0/0024", "10.0.0.0/4294967304"})
        EXPECT_EQ(prefix_round_trip(text), "invalid") << text;
}

TEST(Prefix, ContainsOnlyAddressesOfItsFamily) {
    EXPECT_TRUE(prefix("10.1.0.0/16").contains(ip("10.1.255.255")));
    EXPECT_FALSE(prefix("10.1.0.0/16").contains(ip("10.2.0.0")));
    EXPECT_TRUE(prefix("0.0.0.0/0").contains(ip("255.1.1.1")));
    EXPECT_FALSE(prefix("0.0.0.0/0").contains(ip("::1")));
    EXPECT_TRUE(prefix("10.1.2.3/16").contains(ip("10.1.9.9")));
}

TEST(Prefix, KnowsTheDefaultRoutes) {
    EXPECT_TRUE(prefix("0.0.0.0/0").is_default_route());
    EXPECT_TRUE(prefix("::/0").is_default_route());
    EXPECT_TRUE(prefix("10.1.2.3/0").is_default_route()) << "whatever its bits of a host are";
    EXPECT_FALSE(prefix("0.0.0.0/1").is_default_route());
    EXPECT_EQ(Prefix::everything(Family::v6), prefix("::/0"));
    EXPECT_EQ(Prefix::host(ip("10.0.0.1")), prefix("10.0.0.1/32"));
}

}  // namespace
}  // namespace cni
