#include "support/dhcp_client4_fixture.h"

namespace cni::dhcp {
namespace {

struct Times {
    const char* about;
    Options4 options;
    std::string lease;
};

class DhcpLease4 : public ::testing::TestWithParam<Times> {};

TEST_P(DhcpLease4, HasTimesInOrder) {
    Message4 ack{
        .is_reply = true, .yours = ip("10.0.0.5"), .mac = own, .options = GetParam().options};
    ack.options[54] = {10, 0, 0, 1};
    ack.options[1] = {255, 255, 255, 0};
    const auto lease = lease_of(ack, at(100), nullptr, [] { return 0u; });
    ASSERT_TRUE(std::holds_alternative<Lease4>(lease)) << std::get<Malformed>(lease).reason;
    EXPECT_EQ(text_of(Bound4{std::get<Lease4>(lease)}),
              "bound 10.0.0.5/24 of 10.0.0.1 100 " + GetParam().lease);
    EXPECT_EQ(std::get<Lease4>(lease).options, (Options4{{1, {255, 255, 255, 0}}}));
}

INSTANTIATE_TEST_SUITE_P(
    , DhcpLease4,
    ::testing::Values(
        Times{"AsTold",
              {{51, {0, 0, 3, 232}}, {58, {0, 0, 0, 40}}, {59, {0, 0, 0, 50}}},
              "140 150 1100"},
        Times{"NotSoonerThanInHalfAMinute",
              {{51, {0, 0, 3, 232}}, {58, {0, 0, 0, 10}}, {59, {0, 0, 0, 20}}},
              "130 130 1100"},
        Times{"NotSoonerThanInHalfOfAShortOne",
              {{51, {0, 0, 0, 40}}, {58, {0, 0, 0, 1}}, {59, {0, 0, 0, 30}}},
              "120 130 140"},
        Times{"AnHourUnlessTold", {}, "1900 3250 3700"},
        Times{"AnHourIfOfTheWrongSize", {{51, {0, 10}}}, "1900 3250 3700"},
        Times{"NoTimeToRenew",
              {{51, {0, 0, 3, 232}}, {58, {0, 0, 0, 0}}, {59, {0, 0, 0, 0}}},
              "600 975 1100"},
        Times{"RenewedAfterRebinding",
              {{51, {0, 0, 3, 232}}, {58, {0, 0, 3, 0}}, {59, {0, 0, 2, 0}}},
              "600 612 1100"},
        Times{"ReboundBeforeHalfOfIt", {{51, {0, 0, 3, 232}}, {59, {0, 0, 0, 1}}}, "600 600 1100"},
        Times{"ReboundAfterTheEnd",
              {{51, {0, 0, 3, 232}}, {58, {0, 0, 0, 10}}, {59, {0, 0, 255, 255}}},
              "130 975 1100"},
        Times{"NeverRenewed",
              {{51, {0, 0, 3, 232}}, {58, {255, 255, 255, 255}}, {59, {255, 255, 255, 255}}},
              "600 975 1100"},
        Times{"Unlimited", {{51, {255, 255, 255, 255}}, {58, {0, 0, 0, 10}}}, "never never never"},
        Times{
            "AsLongAsCanBe", {{51, {255, 255, 255, 254}}}, "2147483747 3758096482.250 4294967394"},
        Times{"ASecond", {{51, {0, 0, 0, 1}}}, "100.500 100.875 101"}),
    [](const auto& test) { return test.param.about; });

TEST(DhcpLease4Alone, ClientsThatCameTogetherDoNotAskTogether) {
    Message4 ack{.is_reply = true, .yours = ip("10.0.0.5")};
    ack.options = {{1, {255, 255, 255, 0}}, {51, {0, 0, 3, 232}}};
    const auto renew = [&](std::uint32_t random) {
        return text_of(
            std::get<Lease4>(lease_of(ack, at(0), nullptr, [&] { return random; })).renew);
    };
    EXPECT_EQ(renew(0), "500");
    EXPECT_EQ(renew(62500), "437.500");
    EXPECT_EQ(renew(62501), "500");
    ack.options[58] = {0, 0, 1, 0};
    EXPECT_EQ(renew(62500), "256") << "a server says when";
}

// A packet may be of 64 KB, and all of it be kept with each lease.
TEST(DhcpLease4Alone, KeepsOfItsOptionsWhatIsOfUse) {
    Message4 ack{.is_reply = true, .yours = ip("10.0.0.5")};
    ack.options = {{1, {255, 255, 255, 0}}, {43, Bytes(30000, 1)}, {224, {1}}};
    for (int i = 0; i < 1000; ++i) {
        put(ack.options[3], Bytes{10, 0, 0, 1});
        put(ack.options[6], Bytes{10, 0, 0, 2});
        put(ack.options[33], Bytes{172, 16, 0, 0, 10, 0, 0, 1});
        put(ack.options[121], Bytes{8, 12, 10, 0, 0, 1});
    }
    ack.options[15] = Bytes(1000, 'a');
    ack.options[119] = Bytes(5000, 'a');
    const auto lease = lease_of(ack, at(0), nullptr, [] { return 0u; });
    std::map<int, std::size_t> sizes;
    for (const auto& [code, value] : std::get<Lease4>(lease).options) sizes[code] = value.size();
    EXPECT_EQ(sizes, (std::map<int, std::size_t>{{1, 4}, {3, 64}, {6, 64}, {33, 512}, {121, 384}}));
    EXPECT_EQ(routes(std::get<Lease4>(lease).options).size(), 64u);
}

TEST(DhcpLease4Alone, IsNoneOfAnAddressThatNoHostCanHave) {
    const auto why_not = [](const char* address, const Bytes& mask, const Lease4* old = nullptr) {
        Message4 ack{.is_reply = true, .yours = ip(address)};
        if (!mask.empty()) ack.options[1] = mask;
        const auto lease = lease_of(ack, at(0), old, [] { return 0u; });
        const auto* malformed = std::get_if<Malformed>(&lease);
        return malformed ? malformed->reason : "";
    };
    EXPECT_EQ(why_not("10.0.0.5", {255, 255, 255, 0}), "");
    EXPECT_EQ(why_not("10.0.0.5", {255, 255, 255, 255}), "");
    EXPECT_EQ(why_not("10.0.0.4", {255, 255, 255, 254}), "");
    for (const char* address : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "10.0.0.0", "10.0.0.255"})
        EXPECT_EQ(why_not(address, {255, 255, 255, 0}), "no host can have the address") << address;
    constexpr std::string_view no_mask = "DHCP option Subnet Mask not found in DHCPACK";
    EXPECT_EQ(why_not("10.0.0.5", {}), no_mask);
    EXPECT_EQ(why_not("10.0.0.5", {255, 0, 255, 0}), no_mask);
    const Lease4 old{Prefix::parse("10.0.0.5/24").value(), {}, {}, {}, {}, {}, {}};
    EXPECT_EQ(why_not("10.0.0.5", {}, &old), "");
}

}  // namespace
}  // namespace cni::dhcp
