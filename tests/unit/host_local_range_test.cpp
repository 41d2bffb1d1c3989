#include "ipam/host-local/range.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cni::host_local {
namespace {

Ip ip(std::string_view text) {
    return *Ip::parse(text);
}

RangeSpec spec(std::string_view subnet) {
    RangeSpec written;
    written.subnet = Prefix::parse(subnet);
    return written;
}

RangeSpec spec(std::string_view subnet, std::string_view start, std::string_view end) {
    RangeSpec written = spec(subnet);
    if (!start.empty()) written.start = ip(start);
    if (!end.empty()) written.end = ip(end);
    return written;
}

Range range(std::string_view subnet) {
    return Range::make(spec(subnet));
}

template <typename F>
std::string error_of(F&& body) {
    try {
        body();
    } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::invalid_config);
        return error.msg;
    }
    return "no error";
}

std::string spec_error(const RangeSpec& written) {
    return error_of([&] { Range::make(written); });
}

TEST(HostLocalRange, LeavesOutNetworkAndBroadcastAddressInIpv4) {
    EXPECT_EQ(range("10.1.2.0/24").to_string(), "10.1.2.1-10.1.2.254");
    EXPECT_EQ(range("10.1.2.0/24").gateway, ip("10.1.2.1"));
}

TEST(HostLocalRange, ReachesTheLastAddressInIpv6) {
    EXPECT_EQ(range("fd00:1::/64").to_string(), "fd00:1::1-fd00:1::ffff:ffff:ffff:ffff");
}

// RFC 3021 and RFC 6164: a link of two has neither the one address nor the other to spare.
TEST(HostLocalRange, HasAllOfASmallSubnet) {
    EXPECT_EQ(range("10.1.2.4/31").to_string(), "10.1.2.4-10.1.2.5");
    EXPECT_EQ(range("10.1.2.4/31").gateway, ip("10.1.2.4"));
    EXPECT_EQ(range("fd00::4/127").to_string(), "fd00::4-fd00::5");
    EXPECT_EQ(range("fd00::4/127").gateway, ip("fd00::4"));
    EXPECT_EQ(range("10.1.2.5/32").to_string(), "10.1.2.5-10.1.2.5");
    EXPECT_EQ(range("10.1.2.5/32").gateway, std::nullopt);
    EXPECT_EQ(range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128").gateway, std::nullopt);
    EXPECT_EQ(range("255.255.255.255/32").to_string(), "255.255.255.255-255.255.255.255");
}

TEST(HostLocalRange, HasTheWholeSubnetOnRequest) {
    RangeSpec written = spec("10.1.2.0/24");
    written.whole = true;
    EXPECT_EQ(Range::make(written).to_string(), "10.1.2.0-10.1.2.255");
    EXPECT_EQ(Range::make(written).gateway, ip("10.1.2.1"));
    written.end = ip("10.1.2.9");
    EXPECT_EQ(Range::make(written).to_string(), "10.1.2.0-10.1.2.9");
    written = spec("fd00::/126");
    written.whole = true;
    EXPECT_EQ(Range::make(written).to_string(), "fd00::-fd00::3");
}

TEST(HostLocalRange, TakesBoundsAndGatewayAsGiven) {
    RangeSpec written = spec("10.1.2.0/29", "10.1.2.0", "10.1.2.7");
    written.gateway = ip("192.168.0.1");
    const Range made = Range::make(written);
    EXPECT_EQ(made.to_string(), "10.1.2.0-10.1.2.7");
    EXPECT_EQ(made.gateway, ip("192.168.0.1"));
}

TEST(HostLocalRange, RefusesWhatCannotBeAllocatedFrom) {
    EXPECT_EQ(spec_error(RangeSpec{}), "IP <nil> not v4 nor v6");
    EXPECT_EQ(spec_error(spec("10.1.2.3/24")),
              "Network has host bits set. For a subnet mask of length 24 the network address is "
              "10.1.2.0");
    RangeSpec mapped = spec("::ffff:10.1.2.0/120");
    mapped.mapped = true;
    EXPECT_EQ(spec_error(mapped), "IPNet IP and Mask version mismatch");
}

TEST(HostLocalRange, RefusesBoundsThatAreNotInTheSubnetOrCross) {
    EXPECT_EQ(spec_error(spec("10.1.2.0/24", "10.1.3.1", "")),
              "RangeStart 10.1.3.1 not in network 10.1.2.0/24");
    EXPECT_EQ(spec_error(spec("10.1.2.0/24", "", "10.1.3.1")),
              "RangeEnd 10.1.3.1 not in network 10.1.2.0/24");
    EXPECT_EQ(spec_error(spec("10.1.2.0/24", "10.1.2.9", "10.1.2.8")),
              "RangeStart 10.1.2.9 not in network 10.1.2.0/24");
    EXPECT_EQ(spec_error(spec("10.1.2.0/24", "", "10.1.2.0")),
              "RangeEnd 10.1.2.0 not in network 10.1.2.0/24");
    EXPECT_EQ(spec_error(spec("10.1.2.0/24", "fd00::1", "")),
              "RangeStart fd00::1 not in network 10.1.2.0/24");
}

TEST(HostLocalRange, RefusesAStartBehindTheDefaultEnd) {
    EXPECT_EQ(spec_error(spec("10.1.2.0/29", "10.1.2.7", "")),
              "RangeStart 10.1.2.7 not in network 10.1.2.0/29");
}

TEST(HostLocalRangeSet, IsOfOneFamilyAndDisjoint) {
    EXPECT_EQ(error_of([] { RangeSet::make({}); }), "empty range set");
    EXPECT_EQ(error_of([] {
                  RangeSet::make({range("10.1.2.0/24"), range("fd00::/64")});
              }),
              "mixed address families");
    EXPECT_EQ(error_of([] {
                  RangeSet::make({range("10.1.2.0/24"), range("10.1.2.0/25")});
              }),
              "subnets 10.1.2.1-10.1.2.254 and 10.1.2.1-10.1.2.126 overlap");
}

TEST(HostLocalRangeSet, MaySplitASubnet) {
    const RangeSet set =
        RangeSet::make({Range::make(spec("10.1.2.0/24", "10.1.2.5", "10.1.2.9")),
                        Range::make(spec("10.1.2.0/24", "10.1.2.20", "10.1.2.29"))});
    EXPECT_EQ(set.to_string(), "10.1.2.5-10.1.2.9,10.1.2.20-10.1.2.29");
    EXPECT_NE(set.find(ip("10.1.2.20")), nullptr);
    EXPECT_EQ(set.find(ip("10.1.2.10")), nullptr);
    EXPECT_EQ(set.find(ip("fd00::1")), nullptr);
}

TEST(HostLocalRangeSet, SeesThatAnotherSetOverlaps) {
    const RangeSet one = RangeSet::make({range("10.1.0.0/24"), range("10.1.1.0/24")});
    EXPECT_TRUE(one.overlaps(RangeSet::make({range("10.1.1.128/25")})));
    EXPECT_FALSE(one.overlaps(RangeSet::make({range("10.1.2.0/24")})));
    EXPECT_FALSE(one.overlaps(RangeSet::make({range("fd00::/64")})));
}

std::string order(const RangeSet& set, const std::optional<Ip>& last) {
    std::vector<std::string> texts;
    for (const auto& stretch : set.round_robin(last))
        texts.push_back(cat(stretch.first.to_string(), "-", stretch.last.to_string()));
    return join(texts, " ");
}

TEST(HostLocalRangeSet, GoesRoundFromTheAddressAfterTheLastOne) {
    const RangeSet set = RangeSet::make({range("10.1.2.0/29"), range("10.1.3.0/29")});
    EXPECT_EQ(order(set, {}), "10.1.2.1-10.1.2.6 10.1.3.1-10.1.3.6");
    EXPECT_EQ(order(set, ip("10.1.2.4")), "10.1.2.5-10.1.2.6 10.1.3.1-10.1.3.6 10.1.2.1-10.1.2.4");
    EXPECT_EQ(order(set, ip("10.1.3.6")), "10.1.2.1-10.1.2.6 10.1.3.1-10.1.3.6");
    EXPECT_EQ(order(set, ip("10.9.9.9")), "10.1.2.1-10.1.2.6 10.1.3.1-10.1.3.6");
}

TEST(HostLocalFirstFree, PassesOverTakenAddressesInAnyOrder) {
    const std::vector<Ip> taken = {ip("10.0.0.3"), ip("10.0.0.1"),   ip("10.0.0.2"),
                                   ip("fd00::4"),  ip("10.0.0.200"), ip("10.0.0.1")};
    EXPECT_EQ(first_free(ip("10.0.0.1"), ip("10.0.0.9"), taken), ip("10.0.0.4"));
    EXPECT_EQ(first_free(ip("10.0.0.2"), ip("10.0.0.3"), taken), std::nullopt);
    EXPECT_EQ(first_free(ip("10.0.0.200"), ip("10.0.0.200"), taken), std::nullopt);
    EXPECT_EQ(first_free(ip("10.0.0.255"), ip("10.0.1.3"), taken), ip("10.0.0.255"));
}

TEST(HostLocalFirstFree, CopesWithTheWholeOfIpv6) {
    const Ip last = ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    EXPECT_EQ(first_free(ip("::1"), last, {ip("::1"), ip("::2")}), ip("::3"));
    EXPECT_EQ(first_free(last, last, {last}), std::nullopt);
    EXPECT_EQ(first_free(ip("::"), last, {ip("::")}), ip("::1"));
}

}  // namespace
}  // namespace cni::host_local
