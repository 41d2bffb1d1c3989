#include "net/mac.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace cni {
namespace {

TEST(Mac, ReadsTheThreeNotations) {
    const Mac expected{{0x02, 0xab, 0xcd, 0xef, 0x00, 0x19}};
    for (const char* text : {"02:ab:cd:ef:00:19", "02-AB-CD-EF-00-19", "02ab.cdef.0019"})
        EXPECT_EQ(Mac::parse(text), expected) << text;
    EXPECT_EQ(expected.to_string(), "02:ab:cd:ef:00:19");
}

TEST(Mac, RefusesWhatIsNoEthernetAddress) {
    for (const char* text : {"", "02", "02:ab:cd:ef:00", "02:ab:cd:ef:00:19:20", "2:ab:cd:ef:0:19",
                             "02:ab:cd:ef:00:1g", "02:ab-cd:ef:00:19", "02abcdef0019", "02ab.cdef",
                             "02ab.cdef.0019.0000", "02:ab:cd:ef:00:19 ", "-2:ab:cd:ef:00:19",
                             "02:ab:cd:ef:00:00:00:19"})
        EXPECT_FALSE(Mac::parse(text)) << text;
}

TEST(Mac, MadeUpAddressesAreLocalUnicast) {
    const Mac from_hash = Mac::from_hash(sha512_hex("x"));
    EXPECT_EQ(from_hash, Mac::from_hash(sha512_hex("x")));
    EXPECT_NE(from_hash, Mac::from_hash(sha512_hex("y")));
    EXPECT_EQ(Mac::from_hash("ffffffffffff0").to_string(), "fe:ff:ff:ff:ff:ff");
    for (const Mac& mac : {from_hash, Mac::random(), Mac::random()}) {
        EXPECT_FALSE(mac.is_multicast());
        EXPECT_EQ(mac.bytes[0] & 2, 2);
    }
    EXPECT_NE(Mac::random(), Mac::random());
}

TEST(LinkAddress, HasTheLengthOfItsTypeOfLink) {
    for (const char* text : {"02:00:5e:00:53:01", "02:00:5e:10:00:00:00:01",
                             "00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01"})
        EXPECT_EQ(LinkAddress::parse(text).value().to_string(), text);
    EXPECT_EQ(LinkAddress::parse("0200.5e10.0000.0001"),
              LinkAddress::parse("02-00-5E-10-00-00-00-01"));
    for (const char* text : {"", "02:00:5e", "02:00:5e:00:53:01:02", "x", "02:00:5e:00:53:0g"})
        EXPECT_FALSE(LinkAddress::parse(text)) << text;
    EXPECT_EQ(LinkAddress{}.to_string(), "");
}

TEST(Mac, KnowsZeroAndMulticast) {
    EXPECT_TRUE(Mac{}.is_zero());
    EXPECT_FALSE(Mac::parse("00:00:00:00:00:01")->is_zero());
    EXPECT_TRUE(Mac::parse("01:00:5e:00:00:01")->is_multicast());
}

}  // namespace
}  // namespace cni
