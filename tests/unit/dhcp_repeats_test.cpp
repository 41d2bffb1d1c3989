#include <gtest/gtest.h>

#include "ipam/dhcp/daemon/repeats.h"

namespace cni::dhcp {
namespace {

TEST(DhcpRepeats, TheSameIsSaidOnceInAWhile) {
    const auto at = [](int seconds) { return Time(std::chrono::seconds(seconds)); };
    Repeats repeats;
    EXPECT_TRUE(repeats.admit("down", at(100)));
    EXPECT_FALSE(repeats.admit("down", at(101)));
    EXPECT_TRUE(repeats.admit("up", at(101)));
    EXPECT_FALSE(repeats.admit("down", at(109)));
    EXPECT_TRUE(repeats.admit("down", at(110)));
    EXPECT_FALSE(repeats.admit("up", at(110)));
}

}  // namespace
}  // namespace cni::dhcp
