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

TEST(OwnerComment, ProvesItsOwner) {
    const Owner owner{"net1", "c1", "eth0"};
    EXPECT_TRUE(is_comment_of(owner, owner_comment(owner)));
    EXPECT_FALSE(is_comment_of(owner, owner_comment(owner) + "1"));
    EXPECT_FALSE(is_comment_of(owner, owner_comment(owner).substr(0, 33)));
    EXPECT_FALSE(is_comment_of({"net1", "c1", "eth1"}, owner_comment(owner)));
}

TEST(OwnerComment, ThatIsCutEndsInADigestOfAll) {
    const std::string start(300, 'x');
    const Owner a{"net1", start + "a", "eth0"}, b{"net1", start + "b", "eth0"};
    EXPECT_EQ(owner_comment(a).substr(64), owner_digest(a).substr(0, 64));
    EXPECT_TRUE(is_comment_of(a, owner_comment(a)));
    // As it was cut before, which the reference plugins do.
    EXPECT_TRUE(is_comment_of(a, cut_comment(cat(owner_hashes(a), ", ", owner_text(a)))));
    const std::string same_hashes = owner_hashes(a) + owner_comment(b).substr(owner_hashes_length);
    EXPECT_FALSE(is_comment_of(a, same_hashes));
}

TEST(OwnerComment, TellsItsNetwork) {
    const std::string long_name(200, 'n'), long_id(300, 'x');
    EXPECT_TRUE(is_comment_of_network("net1", owner_comment({"net1", "c1", "eth0"})));
    EXPECT_TRUE(is_comment_of_network("net1", owner_comment({"net1", long_id, "eth0"})));
    EXPECT_TRUE(is_comment_of_network(long_name, owner_comment({long_name, "c1", "eth0"})));
    EXPECT_FALSE(is_comment_of_network("net", owner_comment({"net1", "c1", "eth0"})));
    // The right hash with another name behind it.
    EXPECT_FALSE(is_comment_of_network("net1", network_hash("net1") + "-0123456789abcdef, net: "
                                                                      "net2, if: eth0, id: c1"));
}

TEST(OwnerDigest, KeepsThePartsApart) {
    EXPECT_NE(owner_digest({"net1", "c1", "eth0"}), owner_digest({"net", "1c1", "eth0"}));
    EXPECT_NE(owner_digest({"net1", "pod", "b-eth0"}), owner_digest({"net1", "pod-b", "eth0"}));
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
