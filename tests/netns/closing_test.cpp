#include "netfilter/closing.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>

#include "support/sandbox.h"

namespace cni::nft {
namespace {

class Closing : public test::SandboxTest {
protected:
    /// As if the last deletion had been so many milliseconds ago.
    static void set_age(long milliseconds) {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        const long long then = now.tv_sec * 1'000LL + now.tv_nsec / 1'000'000 - milliseconds;
        const timespec times[2] = {
            {0, UTIME_OMIT},
            {static_cast<time_t>(then / 1000), static_cast<long>(then % 1000) * 1'000'000}};
        ASSERT_EQ(::utimensat(AT_FDCWD, "/run/cnixx.nftables", times, 0), 0);
    }
};

TEST_F(Closing, TakesTimeBehindADeletion) {
    EXPECT_FALSE(closing_takes_time());
    note_deletion();
    // Some other process may get all of the processor for longer.
    bool takes_time = false;
    for (int i = 0; i < 100 && !takes_time; ++i) {
        set_age(0);
        takes_time = closing_takes_time();
    }
    EXPECT_TRUE(takes_time);
    set_age(10'000);
    EXPECT_FALSE(closing_takes_time());
    // A clock that was set back.
    set_age(-10'000);
    EXPECT_FALSE(closing_takes_time());
}

TEST_F(Closing, EachDeletionIsNoted) {
    note_deletion();
    set_age(10'000);
    const auto last = [] {
        struct stat status {};
        ::stat("/run/cnixx.nftables", &status);
        EXPECT_EQ(status.st_size, 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
        return status.st_mtim.tv_sec;
    };
    const auto earlier = last();
    note_deletion();
    EXPECT_GT(last(), earlier + 5);
}

TEST_F(Closing, IsPutOffToAMomentThatAllHave) {
    const auto tenths = [] {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 10LL + now.tv_nsec / 100'000'000;
    };
    const auto before = tenths();
    await_common_closing();
    EXPECT_GT(tenths(), before);
}

}  // namespace
}  // namespace cni::nft
