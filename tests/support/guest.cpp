#include "support/guest.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace cni::test {
namespace {

// Until nobody has the other end any more.
[[noreturn]] void serve(int socket) {
    std::int64_t seconds = 0;
    while (::read(socket, &seconds, sizeof seconds) == ssize_t{sizeof seconds}) {
        timespec time{};
        ::clock_gettime(CLOCK_REALTIME, &time);
        time.tv_sec += seconds;
        const int error = ::clock_settime(CLOCK_REALTIME, &time) < 0 ? errno : 0;
        if (::write(socket, &error, sizeof error) < 0) break;
    }
    ::_exit(0);
}

/// Begins before the first test. What tests have set is set back behind the last.
class Setter : public ::testing::Environment {
public:
    void SetUp() override {
        if (!is_guest()) return;
        int ends[2];
        checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make sockets");
        const Fd its_end(ends[1]);
        end_ = Fd(ends[0]);
        // No child of this process: tests wait for all of those.
        const pid_t between = checked(::fork(), "fork");
        if (between == 0) {
            end_.reset();
            if (::fork() == 0) serve(its_end.get());
            ::_exit(0);
        }
        checked(::waitpid(between, nullptr, 0), "wait");
    }
    void TearDown() override {
        if (end_ && set_ != 0) set(-set_);
    }

    bool is_there() const { return static_cast<bool>(end_); }
    void set(std::int64_t seconds) {
        int error = 0;
        checked(::write(end_.get(), &seconds, sizeof seconds), "have the clock set");
        checked(::read(end_.get(), &error, sizeof error), "wait for the clock");
        if (error != 0) throw SysError("set the clock", error);
        set_ += seconds;
    }

private:
    Fd end_;
    std::int64_t set_ = 0;
};

// GoogleTest deletes it.
Setter& setter = *static_cast<Setter*>(::testing::AddGlobalTestEnvironment(new Setter));

}  // namespace

bool is_guest() {
    return read_file("/proc/cmdline", 4096).value_or("").find("cnixx.guest") != std::string::npos;
}

bool can_set_clock() {
    return setter.is_there();
}

void set_clock(std::chrono::seconds by) {
    setter.set(by.count());
}

}  // namespace cni::test
