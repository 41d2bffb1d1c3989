#include "base/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/undo.h"

namespace cni {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> names(const Steps& steps) {
    std::vector<std::string> out;
    for (const Step& step : steps.list()) out.emplace_back(step.name);
    return out;
}

TEST(Steps, StandInTheirOrderAndAddUp) {
    Steps steps;
    EXPECT_THAT(steps.list(), IsEmpty());
    steps.begin("a");
    steps.begin("b");
    steps.begin("c");
    const std::int64_t total = steps.end();
    EXPECT_THAT(names(steps), ElementsAre("a", "b", "c"));
    std::int64_t sum = 0;
    for (const Step& step : steps.list()) {
        EXPECT_GE(step.microseconds, 0);
        sum += step.microseconds;
    }
    EXPECT_LE(sum, total);
}

TEST(Steps, TheWayBackIsOne) {
    Steps steps;
    {
        Undo undo(&steps);
        undo.on_failure("undo it", [&] { steps.begin("act"); });
        steps.begin("fail");
    }
    EXPECT_THAT(names(steps), ElementsAre("fail", "undo", "act"));
}

TEST(Steps, WithoutAWayBackThereIsNone) {
    Steps steps;
    { const Undo nothing_to_undo(&steps); }
    {
        Undo committed(&steps);
        committed.on_failure("undo it", [] {});
        committed.commit();
    }
    EXPECT_THAT(steps.list(), IsEmpty());
}

}  // namespace
}  // namespace cni
