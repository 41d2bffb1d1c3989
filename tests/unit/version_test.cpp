#include "cni/version.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cni {
namespace {

TEST(Version, ParsesOneToThreeNumbers) {
    EXPECT_EQ(Version::parse("1.2.3"), (Version{1, 2, 3}));
    EXPECT_EQ(Version::parse("1.1"), (Version{1, 1, 0}));
    EXPECT_EQ(Version::parse("1"), (Version{1, 0, 0}));
    for (const char* text :
         {"", ".", "1.", "1..2", "1.1.0.0", "x.y", "v1.0.0", "-1.0.0", "1.0.0 ", "1.0.99999999999"})
        EXPECT_FALSE(Version::parse(text)) << text;
}

TEST(Version, OrdersByNumberNotByText) {
    EXPECT_LT(Version::parse("0.9.0"), Version::parse("0.10.0"));
    EXPECT_LT(Version::parse("0.4.0"), Version::parse("1.0.0"));
    EXPECT_TRUE(at_least("1.1.0", "1.1.0"));
    EXPECT_TRUE(at_least("1.0.0", "0.4.0"));
    EXPECT_FALSE(at_least("0.3.1", "0.4.0"));
    EXPECT_FALSE(at_least("", "0.2.0"));
    EXPECT_TRUE(at_least("", "0.1.0"));
}

TEST(Version, SupportIsByExactText) {
    for (const char* version : {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
        EXPECT_TRUE(is_supported(version)) << version;
        EXPECT_NO_THROW(require_supported(version));
    }
    for (const char* version : {"", "1.1", "1.0.5", "0.5.0", "x.y", "1.1.0 ", "01.1.0"})
        EXPECT_FALSE(is_supported(version)) << version;
}

TEST(Version, RefusalNamesWhatIsSupported) {
    try {
        require_supported("9.9.9");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::incompatible_version);
        EXPECT_EQ(error.msg, "incompatible CNI versions");
        EXPECT_EQ(error.details, R"(config is "9.9.9", plugin supports )"
                                 R"(["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"])");
    }
}

TEST(Version, ThreeShapesOfResults) {
    for (const char* version : {"", "0.1.0", "0.2.0"})
        EXPECT_EQ(family_of(version), ResultFamily::v0_1) << version;
    for (const char* version : {"0.3.0", "0.3.1", "0.4.0"})
        EXPECT_EQ(family_of(version), ResultFamily::v0_3) << version;
    for (const char* version : {"1.0.0", "1.1.0"})
        EXPECT_EQ(family_of(version), ResultFamily::v1_0) << version;
}

}  // namespace
}  // namespace cni
