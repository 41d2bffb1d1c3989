#include "base/alarm.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>

namespace cni {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Waits for nothing; whether a signal ended that.
bool is_interrupted() {
    return ::poll(nullptr, 0, 60'000) < 0 && errno == EINTR;
}

TEST(Alarm, InterruptsOnceItsTimeIsOver) {
    const auto start = Clock::now();
    const Alarm alarm(milliseconds(20));
    EXPECT_FALSE(Alarm::went_off());
    EXPECT_TRUE(is_interrupted());
    EXPECT_TRUE(Alarm::went_off());
    EXPECT_GE(Clock::now() - start, milliseconds(20));
}

// The first signal may come before the call that it is to end.
TEST(Alarm, InterruptsAgain) {
    const Alarm alarm(milliseconds(1));
    EXPECT_TRUE(is_interrupted());
    EXPECT_TRUE(is_interrupted());
}

TEST(Alarm, NeedsNoTimeAtAll) {
    const Alarm alarm(milliseconds(0));
    EXPECT_TRUE(is_interrupted());
}

TEST(Alarm, ForgetsTheOneBefore) {
    {
        const Alarm alarm(milliseconds(1));
        EXPECT_TRUE(is_interrupted());
    }
    const Alarm alarm(milliseconds(60'000));
    EXPECT_FALSE(Alarm::went_off());
}

TEST(Alarm, PutsHandlerAndMaskBack) {
    struct sigaction mine {};
    mine.sa_handler = SIG_IGN;
    ::sigaction(SIGALRM, &mine, nullptr);
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    {
        const Alarm alarm(milliseconds(1));
        EXPECT_TRUE(is_interrupted());
    }
    sigset_t left;
    ::pthread_sigmask(SIG_SETMASK, &before, &left);
    EXPECT_EQ(::sigismember(&left, SIGALRM), 1);
    struct sigaction now {};
    ::sigaction(SIGALRM, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_IGN);
    EXPECT_EQ(::poll(nullptr, 0, 100), 0) << "interrupted by an alarm that is over";
}

}  // namespace
}  // namespace cni
