#include "ipam/host-local/lease.h"

#include <gtest/gtest.h>

namespace cni::host_local {
namespace {

TEST(HostLocalLease, IsContainerIdAndIfnameOnTwoLines) {
    EXPECT_EQ(lease_text({"c1", "eth0"}), "c1\r\neth0");
}

TEST(HostLocalLease, IsReadWithOrWithoutSpaceAroundIt) {
    for (const char* text : {"c1\r\neth0", "c1\r\neth0\n", " c1\r\neth0 \r\n"}) {
        const auto holder = Holder::parse(text);
        ASSERT_TRUE(holder) << text;
        EXPECT_EQ(holder->owner(), (AttachmentId{"c1", "eth0"})) << text;
    }
}

TEST(HostLocalLease, MayHoldJustAContainerId) {
    EXPECT_EQ(Holder::parse("c1\n")->owner(), (AttachmentId{"c1", ""}));
    EXPECT_EQ(Holder::parse("10.1.2.201")->owner(), (AttachmentId{"10.1.2.201", ""}));
}

TEST(HostLocalLease, OfAnyOtherTextIsNobodysButStands) {
    for (const char* text : {"c1\neth0", "reserved for the router", "c1\r\n\r\neth0", "\n", "-x",
                             "c1\r\nlonger-than-an-ifname"}) {
        const auto holder = Holder::parse(text);
        ASSERT_TRUE(holder) << text;
        EXPECT_EQ(holder->owner(), std::nullopt) << text;
    }
}

TEST(HostLocalLease, IsNoneWhenACrashLeftItEmptyOrZeroed) {
    EXPECT_FALSE(Holder::parse(""));
    EXPECT_FALSE(Holder::parse(std::string(8, '\0')));
    EXPECT_FALSE(Holder::parse(std::string("c1\r\n\0\0", 6)));
}

TEST(HostLocalLease, StandsWhateverTheKernelAllowsInAnInterfaceName) {
    const AttachmentId odd{"c1", "a\x01\x7f\xff"};
    EXPECT_EQ(Holder::parse(lease_text(odd))->owner(), odd);
}

}  // namespace
}  // namespace cni::host_local
