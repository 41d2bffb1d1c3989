#include "base/text.h"

#include <gmock/gmock.h>

#include <limits>

namespace cni {
namespace {

using ::testing::ElementsAre;

TEST(Text, CatJoinsTextAndNumbers) {
    EXPECT_EQ(cat("a", 'b', std::string("c"), std::string_view("d"), 5, -6, 7u), "abcd5-67");
    EXPECT_EQ(cat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(cat(), "");
}

TEST(Text, ParseIntTakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_int<int>("42"), 42);
    EXPECT_EQ(parse_int<int>("-42"), -42);
    EXPECT_EQ(parse_int<int>("ff", 16), 255);
    for (const char* text : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x1", "4294967296", "one"})
        EXPECT_FALSE(parse_int<int>(text)) << text;
    EXPECT_FALSE(parse_int<std::uint8_t>("256"));
    EXPECT_FALSE(parse_int<unsigned>("-1"));
}

TEST(Text, SplitKeepsEmptyParts) {
    EXPECT_THAT(split("a:b", ':'), ElementsAre("a", "b"));
    EXPECT_THAT(split(":a::", ':'), ElementsAre("", "a", "", ""));
    EXPECT_THAT(split("", ':'), ElementsAre(""));
}

TEST(Text, TrimAndLowerKnowAsciiOnly) {
    EXPECT_EQ(trim(" \t\n\v\f\r a b \n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(lower("ABZaz09_\u00c4"), "abzaz09_\u00c4");
}

TEST(Text, ToHexWritesTwoDigitsForEachByte) {
    EXPECT_EQ(to_hex(std::vector<std::uint8_t>{0, 9, 0xa0, 0xff}), "0009a0ff");
    EXPECT_EQ(to_hex({}), "");
}

TEST(Text, JoinSeparatesParts) {
    EXPECT_EQ(join(std::vector<std::string>{"a", "b", "c"}, ", "), "a, b, c");
    EXPECT_EQ(join(std::vector<std::string>{}, ", "), "");
}

TEST(Text, QuoteEscapesWhatWouldBreakALine) {
    EXPECT_EQ(quote("a \"b\" \\ \n\t\r"), R"("a \"b\" \\ \n\t\r")");
    EXPECT_EQ(quote("\x01\x7f"), R"("\x01\x7f")");
    EXPECT_EQ(quote("\u00e4"), "\"\u00e4\"");
}

}  // namespace
}  // namespace cni
