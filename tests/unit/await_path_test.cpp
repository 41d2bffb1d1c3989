// Waiting for what somebody else makes of a path. tests/plugins/flannel has somebody else do it.
#include "base/await_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "support/recording.h"
#include "support/thrown.h"

namespace cni {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class AwaitPath : public ::testing::Test {
protected:
    std::string path() const { return cat(dir_.path(), "/a/b/file"); }
    bool is_there() const { return dir_.has("a/b/file"); }
    test::TempDir dir_;
};

TEST_F(AwaitPath, WhatIsThereIsNotWaitedFor) {
    dir_.write("a/b/file", "x");
    EXPECT_TRUE(await_path(
        path(), [&] { return is_there(); }, hours(1)));
    EXPECT_TRUE(await_path(
        "/", [] { return true; }, hours(1)));
}

TEST_F(AwaitPath, FoldersAreFollowedAsTheyAreMade) {
    int looks = 0;
    const auto make_more = [&] {
        const bool is_reached = is_there();
        if (++looks == 1) dir_.write("a/other", "");
        if (looks == 2) dir_.write("a/b/other", "");
        if (looks > 2 && !is_reached) dir_.write("a/b/file", "x");
        return is_reached;
    };
    EXPECT_TRUE(await_path(path(), make_more, hours(1)));
    EXPECT_GE(looks, 4);
}

TEST_F(AwaitPath, TheEndOfTheTimeIsTheEnd) {
    int looks = 0;
    EXPECT_FALSE(await_path(
        path(), [&] { return ++looks > 2; }, milliseconds(1)));
    EXPECT_EQ(looks, 2);
}

TEST_F(AwaitPath, WhatCannotBeWatchedIsNamed) {
    ASSERT_EQ(::symlink("loop", cat(dir_.path(), "/loop").c_str()), 0);
    const auto error = test::thrown([&] {
        await_path(
            cat(dir_.path(), "/loop/file"), [] { return false; }, hours(1));
    });
    EXPECT_EQ(error.msg,
              cat("watch directory ", dir_.path(), "/loop: Too many levels of symbolic links"));
}

}  // namespace
}  // namespace cni
