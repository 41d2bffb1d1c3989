#include <gmock/gmock.h>

#include "plugins/bandwidth/bucket.h"
#include "plugins/bandwidth/detour.h"
#include "support/thrown.h"

namespace cni::bandwidth {
namespace {

using ::testing::HasSubstr;

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(
        cat(R"({"cniVersion": "1.0.0", "name": "net1", "type": "bandwidth", )", keys, "}")));
}

void expect_refused(const std::string& keys, const std::string& message) {
    const Error error = test::thrown([&] { parse(keys); });
    EXPECT_EQ(error.code, Code::invalid_config) << keys;
    EXPECT_THAT(error.msg, HasSubstr(message)) << keys;
    EXPECT_NE(error.details, "") << keys;
}

TEST(BandwidthConfig, HasTheLimitsOfTheConfigurationAndOfTheRuntime) {
    const Config config = parse(
        R"("ingressRate": 1000, "ingressBurst": 2000, "egressRate": 0, "egressBurst": 0,
           "runtimeConfig": {"bandwidth": {"IngressRate": 8, "IngressBurst": 8,
                                           "EgressRate": 3000, "EgressBurst": 34359738359}})");
    EXPECT_EQ(config.ingress, (Limit{1000, 2000}));
    EXPECT_EQ(config.egress, (Limit{3000, 34359738359}));
    EXPECT_FALSE(parse(R"("runtimeConfig": {"bandwidth": null})").limits_anything());
}

TEST(BandwidthConfig, NamesTheKeyAtFault) {
    expect_refused(R"("ingressRate": 1000)",
                   R"("ingressRate": if rate is set, burst must also be set)");
    expect_refused(R"("egressBurst": 1000)",
                   R"("egressBurst": if burst is set, rate must also be set)");
    expect_refused(R"("egressRate": 8, "egressBurst": 34359738360)",
                   R"("egressBurst": burst cannot be more than 4GB)");
    expect_refused(R"("ingressRate": 7, "ingressBurst": 8)",
                   R"("ingressRate": must be at least 8)");
    expect_refused(R"("ingressRate": 8, "ingressBurst": 7)", R"("ingressBurst": must be at least)");
    expect_refused(R"("ingressRate": "100M", "ingressBurst": 8)",
                   R"("ingressRate": must be a number, not text)");
    expect_refused(R"("ingressRate": -1000, "ingressBurst": 8)",
                   R"("ingressRate" must be between)");
    expect_refused(R"("runtimeConfig": {"bandwidth": {"ingressRate": 1000}})",
                   R"("runtimeConfig.bandwidth.ingressRate": if rate is set)");
}

constexpr std::uint32_t mtu = 1500;
constexpr std::uint64_t mbit = 1'000'000;

TEST(BandwidthBucket, HoldsTheBurst) {
    EXPECT_EQ(bucket_of({8 * mbit, 800'000}, mtu),
              (Tbf{.rate = 1'000'000, .burst = 100'000, .limit = 125'000}));
    // Nothing wraps around: 2^32 - 1 is as much as the kernel takes.
    EXPECT_EQ(bucket_of({400'000 * mbit, 2147483646}, mtu),
              (Tbf{.rate = 50'000'000'000, .burst = 268435455, .limit = 1'518'435'455}));
    EXPECT_EQ(bucket_of({4'000'000 * mbit, 34359738359}, mtu),
              (Tbf{.rate = 500'000'000'000, .burst = 4294967294, .limit = 4294967295}));
}

TEST(BandwidthBucket, HoldsATenthOfASecondWhereTheRuntimeWasToldNoBurst) {
    for (const std::uint64_t burst : {2147483647ULL, 4294967295ULL, 34359738359ULL})
        EXPECT_EQ(bucket_of({mbit, burst}, mtu),
                  (Tbf{.rate = 125'000, .burst = 12'500, .limit = 15'625}));
}

TEST(BandwidthBucket, HoldsAFrame) {
    EXPECT_EQ(bucket_of({mbit, 8}, mtu).burst, 1522U);
    EXPECT_EQ(bucket_of({8, 2147483647}, 9000).burst, 9022U);
}

// As the kernel tells of what the reference plugin makes.
TEST(BandwidthBucket, IsKnownAsTheReferencePluginMakesIt) {
    EXPECT_TRUE(is_bucket_of({.rate = 1'000'000, .limit = 125'000, .ticks = 1'562'500},
                             {8 * mbit, 800'000}, mtu));
    EXPECT_FALSE(is_bucket_of({.rate = 1'000'000, .limit = 125'000, .ticks = 1'562'000},
                              {8 * mbit, 800'000}, mtu));
    // 972222 bytes at 416666 per second: 2333336 microseconds.
    EXPECT_TRUE(is_bucket_of({.rate = 416'666, .limit = 982'638, .ticks = 36'458'375},
                             {3'333'333, 7'777'777}, mtu));
    // A huge burst is one to it, of which the kernel takes 2^32 nanoseconds.
    EXPECT_TRUE(is_bucket_of({.rate = 6'250'000, .limit = 268'591'705, .ticks = 67'108'863},
                             {50 * mbit, 2147483647}, mtu));
    // It overflowed: that is no limit of anybody's.
    EXPECT_FALSE(is_bucket_of({.rate = 125'000, .limit = 268'438'580, .ticks = 3'489'660'000},
                              {mbit, 2147483647}, mtu));
}

TEST(BandwidthDetour, HasNamesOfItsOwn) {
    const Detour one = detour_of("mynet", {"ctr1", "eth0"});
    EXPECT_EQ(one.reference_name, "bwp5145007e2a84");
    const Detour other = detour_of("mynet", {"ctr1", "eth1"});
    EXPECT_EQ(other.reference_name, one.reference_name);
    EXPECT_NE(other.name, one.name);
    EXPECT_NE(one.name, one.reference_name);
    EXPECT_EQ(one.name.size(), 15U);
    EXPECT_NE(other.mac, one.mac);
    EXPECT_NE(detour_of("mynetc", {"tr1", "eth0"}).name, one.name);
}

}  // namespace
}  // namespace cni::bandwidth
