#include "cni/traceparent.h"

#include <gtest/gtest.h>

#include <string>

namespace cni {
namespace {

constexpr std::string_view valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string with(std::size_t position, char c) {
    std::string text(valid);
    text[position] = c;
    return text;
}

TEST(Traceparent, IsTakenAsItIs) {
    EXPECT_EQ(parse_traceparent(valid), valid);
    EXPECT_EQ(parse_traceparent(with(54, 'f')), with(54, 'f'));
}

TEST(Traceparent, OfAVersionToComeTheKnownFieldsCount) {
    const std::string later = with(1, '1');
    EXPECT_EQ(parse_traceparent(later), later);
    EXPECT_EQ(parse_traceparent(later + "-"), later);
    EXPECT_EQ(parse_traceparent(later + "-what-will-be"), later);
    EXPECT_EQ(parse_traceparent(later + "0"), std::nullopt);
    EXPECT_EQ(parse_traceparent("ff" + later.substr(2)), std::nullopt);
}

TEST(Traceparent, EachCharacterCounts) {
    for (std::size_t i = 0; i < valid.size(); ++i)
        for (const char c : {'g', 'A', ' ', '\0', '\n'})
            EXPECT_EQ(parse_traceparent(with(i, c)), std::nullopt) << i << " " << c;
    for (const std::size_t separator : {2, 35, 52})
        EXPECT_EQ(parse_traceparent(with(separator, '0')), std::nullopt) << separator;
    EXPECT_EQ(parse_traceparent(with(0, '-')), std::nullopt);
}

TEST(Traceparent, VersionZeroEndsWhereItEnds) {
    EXPECT_EQ(parse_traceparent(""), std::nullopt);
    EXPECT_EQ(parse_traceparent(valid.substr(0, 54)), std::nullopt);
    EXPECT_EQ(parse_traceparent(std::string(valid) + "-00"), std::nullopt);
    EXPECT_EQ(parse_traceparent(std::string(valid) + " "), std::nullopt);
    EXPECT_EQ(parse_traceparent(" " + std::string(valid)), std::nullopt);
}

TEST(Traceparent, IdsOfZerosAreInvalid) {
    EXPECT_EQ(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
              std::nullopt);
    EXPECT_EQ(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
              std::nullopt);
}

}  // namespace
}  // namespace cni
