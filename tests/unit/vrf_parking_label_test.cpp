#include "plugins/vrf/parking_label.h"

#include <gmock/gmock.h>

#include <limits>

namespace cni::vrf {
namespace {

TEST(VrfParkingLabel, SaysWhereARouteIsFrom) {
    const ParkingLabel high{.vrf = 7, .slot = 0, .port = 2, .table = static_cast<int>(4000000000)};
    EXPECT_EQ(high.print(), "cnixx-7-0-2-4000000000--");
    const ParkingLabel v6{7, 65535, 20000, 254, Ip::parse("fd88::2"), Ip::parse("fe80::1")};
    EXPECT_EQ(v6.print(), "cnixx-7-65535-20000-254-fd88__2-fe80__1");
    const ParkingLabel v4{7, 1, 2, 254, Ip::parse("10.88.0.2")};
    const ParkingLabel gateway{.vrf = 7, .port = 2, .table = 254, .gateway = Ip::parse("fd88::1")};
    const auto longest_ip = Ip::parse("fd88:1111:2222:3333:4444:5555:6666:7777");
    constexpr int most = std::numeric_limits<int>::max();
    const ParkingLabel longest{most, 65535, most, -1, longest_ip, longest_ip};
    EXPECT_LT(longest.print().size(), 128u);
    for (const ParkingLabel& label : {high, v6, v4, gateway, longest})
        EXPECT_EQ(ParkingLabel::parse(label.print()), label) << label.print();
}

TEST(VrfParkingLabel, IsNoOtherName) {
    for (const char* name :
         {"", "blue", "cnixx-", "cnixx-7-0-2-254-", "cnixx-7-0-2-254-x-", "cnixx-7-0-2-254--x",
          "cnixx-7-0-2-254-10.88.0.2--", "cnixx-7-65536-2-254--", "cnixx-7--1-2-254--",
          "cnixx-7-0-2-4294967296--", "cnixx--0-2-254--", "cnixx-7-0-x-254--",
          "cnixx-7-0-2-254-- "})
        EXPECT_EQ(ParkingLabel::parse(name), std::nullopt) << name;
}

}  // namespace
}  // namespace cni::vrf
