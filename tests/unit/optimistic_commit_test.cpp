#include "netfilter/optimistic_commit.h"

#include <gtest/gtest.h>

#include <vector>

namespace cni {
namespace {

TEST(CommitOptimistically, TriesAgainWhileOthersAreFaster) {
    int tries = 0;
    commit_optimistically(
        [&](Refusals refusals) {
            EXPECT_EQ(refusals, Refusals::forgiven);
            return ++tries == 20 ? Try::done : Try::overtaken;
        },
        "it");
    EXPECT_EQ(tries, 20);
}

TEST(CommitOptimistically, LetsARefusalBeAnErrorWhenItComesAgainAndAgain) {
    std::vector<Refusals> seen;
    const auto attempt = [&](Refusals refusals) {
        seen.push_back(refusals);
        if (refusals == Refusals::thrown) throw Error(Code::internal, "the kernel lacks it");
        return Try::refused;
    };
    EXPECT_THROW(commit_optimistically(attempt, "it"), Error);
    EXPECT_EQ(seen.size(), 6u);
}

}  // namespace
}  // namespace cni
