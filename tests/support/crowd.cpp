#include "support/crowd.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "base/contains.h"
#include "base/error.h"
#include "support/orphans.h"

namespace cni::test {
namespace {

// Seconds; far more than anything takes that is not stuck.
constexpr const char* deadline = "120";
constexpr int killed = 128 + SIGKILL;

}  // namespace

void Crowd::add(Program program, Then then) {
    program.argv.insert(program.argv.begin(), {"timeout", "--signal=KILL", deadline});
    waiting_.push_back({std::move(program), std::move(then)});
}

void Crowd::fill() {
    while (running_.size() < width_ && !waiting_.empty()) {
        std::swap(waiting_[pick(waiting_.size())], waiting_.back());
        Waiting next = std::move(waiting_.back());
        waiting_.pop_back();
        Process process = Process::start(next.program);
        const pid_t pid = process.pid();
        running_.emplace(pid, Running{std::move(process), std::move(next.then)});
    }
}

Crowd::Running Crowd::take_ended() {
    for (;;) {
        siginfo_t ended{};
        checked(::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), "wait for a crowd of programs");
        if (auto node = running_.extract(ended.si_pid); !node.empty())
            return std::move(node.mapped());
        if (!contains(orphans(), ended.si_pid))
            throw Error(Code::internal,
                        cat("process ", ended.si_pid, " has ended before its time"));
        ::waitpid(ended.si_pid, nullptr, 0);
    }
}

void Crowd::run(const std::function<void()>& meanwhile) {
    for (fill(); !running_.empty(); fill()) {
        Running ended = take_ended();
        const Finished finished = ended.process.wait();
        EXPECT_NE(finished.exit_code(), killed) << "stuck, or killed: " << finished.err;
        ended.then(finished);
        meanwhile();
    }
}

}  // namespace cni::test
