#include "base/alarm.h"

#include <sys/time.h>

#include <algorithm>

namespace cni {
namespace {

using std::chrono::milliseconds;

timeval timeval_of(milliseconds time) {
    return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

}  // namespace

Alarm::Alarm(milliseconds limit) {
    struct sigaction interrupt {};
    interrupt.sa_handler = [](int) { is_over_ = 1; };
    is_over_ = 0;
    ::sigaction(SIGALRM, &interrupt, &previous_);
    sigset_t ours;
    ::sigemptyset(&ours);
    ::sigaddset(&ours, SIGALRM);
    ::pthread_sigmask(SIG_UNBLOCK, &ours, &previous_mask_);
    // A timer of 0 would be none at all.
    const itimerval timer{.it_interval = timeval_of(milliseconds(50)),
                          .it_value = timeval_of(std::max(limit, milliseconds(1)))};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

Alarm::~Alarm() {
    const itimerval off{};
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
    ::sigaction(SIGALRM, &previous_, nullptr);
}

}  // namespace cni
