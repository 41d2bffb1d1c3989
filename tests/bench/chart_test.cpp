// The benchmark's chart.
#include "bench/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cni::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Cost cost_of(double milliseconds) {
    return {.times = {.milliseconds = {milliseconds}}};
}

Measurements measurements_of(Row row) {
    return {.rows = {std::move(row)}, .sizes = {}};
}

TEST(Axis, HasWholeDecades) {
    EXPECT_THAT(Axis(0.4, 54, 300).ticks(), ElementsAre(0.1, 1, 10, 100));
    EXPECT_THAT(Axis(1, 1, 300).ticks(), ElementsAre(1, 10));
    EXPECT_THAT(Axis(1, 10, 300).ticks(), ElementsAre(1, 10));
}

TEST(Axis, TenTimesAsMuchIsAsFarEverywhere) {
    const Axis axis(0.4, 54, 300);
    EXPECT_NEAR(axis.at(0.1), 0, 1e-9);
    EXPECT_NEAR(axis.at(1), 100, 1e-9);
    EXPECT_NEAR(axis.at(3.1622776601683795), 150, 1e-9);
    EXPECT_NEAR(axis.at(100), 300, 1e-9);
}

TEST(Axis, EndsWhereItEnds) {
    const Axis axis(1, 10, 300);
    EXPECT_EQ(axis.at(0.01), 0);
    EXPECT_EQ(axis.at(0), 0);
    EXPECT_EQ(axis.at(1000), 300);
}

TEST(Chart, EscapesText) {
    EXPECT_EQ(escaped("a<b> & c"), "a&lt;b&gt; &amp; c");
    const std::string svg = as_svg(measurements_of(
        {.chain = "<b>", .operation = "ADD", .ours = cost_of(1), .theirs = cost_of(2)}));
    EXPECT_THAT(svg, HasSubstr("&lt;b&gt; ADD"));
    EXPECT_THAT(svg, Not(HasSubstr("<b>")));
}

TEST(Chart, DrawsABarForEachSide) {
    const std::string svg = as_svg(measurements_of({.chain = "bridge",
                                                    .operation = "ADD",
                                                    .ours = cost_of(1),
                                                    .theirs = cost_of(10),
                                                    .floor = cost_of(0.1)}));
    // From 0.1 to 10 ms are 560 pixels.
    EXPECT_THAT(svg, HasSubstr("class=\"ours\" x=\"200.0\" y=\"72.0\" width=\"280.0\""));
    EXPECT_THAT(svg, HasSubstr("class=\"theirs\" x=\"200.0\" y=\"83.0\" width=\"560.0\""));
    EXPECT_THAT(svg, HasSubstr("class=\"floor\" x=\"200.0\" y=\"94.0\" width=\"0.0\""));
    EXPECT_THAT(svg, HasSubstr(">10 theirs</text>"));
}

TEST(Chart, DrawsNoFloorWhereThereIsNone) {
    const std::string svg = as_svg(measurements_of(
        {.chain = "bridge", .operation = "ADD", .ours = cost_of(1), .theirs = cost_of(10)}));
    EXPECT_THAT(svg, Not(HasSubstr("class=\"floor\"")));
}

}  // namespace
}  // namespace cni::bench
