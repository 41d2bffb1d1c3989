#include "iptables/xtables_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace cni::ipt {
namespace {

timeval timeval_of(std::chrono::milliseconds time) {
    return {.tv_sec = time.count() / 1000, .tv_usec = time.count() % 1000 * 1000};
}

/// Interrupts system calls once `limit` is over, and again and again from then on: the first signal
/// may come just before the call.
class Alarm {
public:
    explicit Alarm(std::chrono::milliseconds limit) {
        struct sigaction interrupt {};
        interrupt.sa_handler = [](int) { is_over = 1; };
        is_over = 0;
        ::sigaction(SIGALRM, &interrupt, &previous_);
        // A runtime may have started us with all signals blocked.
        sigset_t ours;
        ::sigemptyset(&ours);
        ::sigaddset(&ours, SIGALRM);
        ::pthread_sigmask(SIG_UNBLOCK, &ours, &previous_mask_);
        const itimerval timer{.it_interval = timeval_of(std::chrono::milliseconds(50)),
                              .it_value = timeval_of(limit)};
        ::setitimer(ITIMER_REAL, &timer, nullptr);
    }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm() {
        const itimerval off{};
        ::setitimer(ITIMER_REAL, &off, nullptr);
        ::pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
        ::sigaction(SIGALRM, &previous_, nullptr);
    }
    static bool went_off() { return is_over != 0; }

private:
    static inline volatile sig_atomic_t is_over = 0;
    struct sigaction previous_ {};
    sigset_t previous_mask_{};
};

const char* lock_path() {
    const char* path = ::getenv("XTABLES_LOCKFILE");
    return path && *path ? path : "/run/xtables.lock";
}

void wait_for(int file, std::chrono::milliseconds limit, const char* path) {
    const Alarm alarm(limit);
    while (::flock(file, LOCK_EX) < 0) {
        if (errno != EINTR) throw SysError(cat("lock ", path), errno);
        if (Alarm::went_off())
            throw Error(Code::try_again_later,
                        cat("another program holds the lock of iptables, ", path, ", for too long"),
                        cat("waited ", limit.count(), " ms"));
    }
}

}  // namespace

XtablesLock::XtablesLock(std::chrono::milliseconds limit) {
    const char* path = lock_path();
    file_ = open_at(AT_FDCWD, path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0600, path);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK) throw SysError(cat("lock ", path), errno);
    wait_for(file_.get(), limit, path);
}

}  // namespace cni::ipt
