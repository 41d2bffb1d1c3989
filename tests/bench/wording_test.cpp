// The numbers and words of the benchmark's reports.
#include "bench/wording.h"

#include <gtest/gtest.h>

namespace cni::bench {
namespace {

Cost cost_of(double milliseconds) {
    return {.times = {.milliseconds = {milliseconds}}};
}

Row row_of(double ours, double theirs) {
    return {
        .chain = "bridge", .operation = "ADD", .ours = cost_of(ours), .theirs = cost_of(theirs)};
}

TEST(Wording, TwoDigitsCount) {
    EXPECT_EQ(rounded(0.004), "0.004");
    EXPECT_EQ(rounded(0.084), "0.084");
    EXPECT_EQ(rounded(0.866), "0.87");
    EXPECT_EQ(rounded(0.999), "1.0");
    EXPECT_EQ(rounded(3.14), "3.1");
    EXPECT_EQ(rounded(9.94), "9.9");
    EXPECT_EQ(rounded(9.96), "10");
    EXPECT_EQ(rounded(102.4), "102");
}

TEST(Wording, RatioOfNothingIsNone) {
    EXPECT_EQ(ratio(1, 4), "0.25");
    EXPECT_EQ(ratio(1, 0), "-");
}

TEST(Wording, LabelTellsTheLoad) {
    Row row = row_of(1, 1);
    EXPECT_EQ(label(row), "bridge ADD");
    row.load = Load::leases;
    row.amount = 1000;
    EXPECT_EQ(label(row), "bridge, 1000 leases ADD");
}

TEST(Wording, SentenceComparesWithBoth) {
    Row row = row_of(3.1, 15.5);
    row.floor = cost_of(2.5);
    EXPECT_EQ(sentence(row), "bridge ADD 3.1 ms: 1.2x the kernel's own, 0.20x the reference's");
}

TEST(Wording, SentenceLeavesOutAFloorThatIsNotThere) {
    EXPECT_EQ(sentence(row_of(3.1, 31)), "bridge ADD 3.1 ms: 0.10x the reference's");
}

}  // namespace
}  // namespace cni::bench
