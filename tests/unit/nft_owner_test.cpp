// Names and comments that the reference plugins would give the same attachments.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "netfilter/masquerade.h"
#include "netfilter/spoof_check.h"

namespace cni {
namespace {

TEST(OwnerComment, BeginsWithTheHashesOfNetworkAndAttachment) {
    EXPECT_EQ(owner_comment({"net1", "c1", "eth0"}),
              "8e48f37d5de60467-f4d01f2ef4b92245, net: net1, if: eth0, id: c1");
}

TEST(OwnerComment, DropsQuotesAndEndsAfter128Bytes) {
    const std::string comment = owner_comment({"a\"b\"", std::string(300, 'x'), "eth0"});
    EXPECT_EQ(comment.size(), 128u);
    EXPECT_EQ(comment.substr(33, 20), ", net: ab, if: eth0,");
    EXPECT_EQ(comment.substr(0, 16), sha512_hex("a\"b\"").substr(0, 16));
}

TEST(SpoofReference, IsContainerIdAndInterfaceName) {
    EXPECT_EQ(spoof_reference("c1", "eth0"), "c1-eth0");
}

TEST(SpoofReference, IsAHashWhenTheKernelHasNoRoomForNamesMadeFromIt) {
    // "cni-br-iface-" and "-mac" leave 238 of a chain name's 255 bytes.
    const std::string fits(233, 'x'), too_long(234, 'x');
    EXPECT_EQ(spoof_reference(fits, "eth0"), fits + "-eth0");
    EXPECT_EQ(spoof_reference(too_long, "eth0"), sha512_hex(too_long + "-eth0"));
    EXPECT_NE(spoof_reference(too_long, "eth0"), spoof_reference(too_long, "eth1"));
}

}  // namespace
}  // namespace cni
