#include "support/interleaving.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "support/shared_calls.h"
#include "support/traced.h"

namespace cni::test {
namespace {

/// A process or a thread.
struct Task {
    std::size_t program;
    /// What it is stopped before; "" while it runs or sleeps.
    std::string call = {};
    /// The kernel wakes it when its child is a program, or gone.
    bool lent_its_memory = false;
};

// In the kernel, and only another one or time ends that.
bool is_asleep(pid_t pid) {
    const std::string line = read_file(cat("/proc/", pid, "/stat"), 4096).value_or("");
    const auto name_end = line.rfind(") ");
    return name_end != line.npos && line[name_end + 2] == 'S';
}

/// Knows at once when a child stops or ends, and looks again soon, as nobody tells when one falls
/// asleep. What is started before its birth does not inherit the signals that it blocks.
class News {
public:
    News() {
        ::sigemptyset(&child_);
        ::sigaddset(&child_, SIGCHLD);
        ::sigprocmask(SIG_BLOCK, &child_, &former_);
    }
    News(const News&) = delete;
    News& operator=(const News&) = delete;
    ~News() { ::sigprocmask(SIG_SETMASK, &former_, nullptr); }

    void await() const {
        constexpr timespec soon{.tv_sec = 0, .tv_nsec = 100'000};
        ::sigtimedwait(&child_, nullptr, &soon);
    }

private:
    sigset_t child_, former_;
};

class Scheduler {
public:
    explicit Scheduler(Interleaved& result) : result_(result) {}

    void start(Program program) {
        // It cannot look for leaks beside somebody who traces the program already.
        program.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
        streams_.emplace_back(program.input);
        const std::size_t number = roots_.size();
        roots_.push_back(start_traced(program, streams_.back(),
                                      PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
                                          PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                          PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACECLONE));
        adopt(roots_.back(), number);
        resume(roots_.back(), 0);
    }

    void run(const Schedule& schedule) {
        const News news;
        auto next = schedule.begin();
        while (settle(news)) {
            const std::vector<std::size_t> ready = who_is_ready();
            if (next != schedule.end() && next->step == result_.steps.size())
                current_ = (next++)->to;
            while (!std::ranges::count(ready, current_)) current_ = (current_ + 1) % roots_.size();
            make_step(ready);
        }
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            result_.finished[i].out = streams_[i].output();
            result_.finished[i].err = streams_[i].errors();
        }
    }

private:
    std::vector<std::size_t> who_is_ready() const {
        std::set<std::size_t> ready;
        for (const auto& [pid, task] : tasks_)
            if (!task.call.empty()) ready.insert(task.program);
        return {ready.begin(), ready.end()};
    }

    void make_step(std::vector<std::size_t> ready) {
        std::erase(ready, current_);
        auto it = tasks_.find(last_);
        const auto can = [&](const auto& each) {
            return each.second.program == current_ && !each.second.call.empty();
        };
        if (it == tasks_.end() || !can(*it)) it = std::ranges::find_if(tasks_, can);
        last_ = it->first;
        result_.steps.push_back({current_, std::exchange(it->second.call, {}), std::move(ready)});
        resume(last_, 0);
    }

    /// Waits until every task is stopped before a call or asleep, and somebody is ready. False when
    /// all have ended.
    bool settle(const News& news) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        // Between two looks at different tasks one may have woken the other.
        for (int calm = 0; calm < 2 || who_is_ready().empty();) {
            const bool any = reap();
            if (tasks_.empty()) return false;
            calm = any || !is_calm() ? 0 : calm + 1;
            if ((calm == 0 && !any) || calm > 2) news.await();
            if (std::chrono::steady_clock::now() > deadline && result_.hung.empty()) end_all();
        }
        return true;
    }
    bool is_calm() const {
        return std::ranges::all_of(tasks_, [](const auto& each) {
            const auto& [pid, task] = each;
            return !task.call.empty() || task.lent_its_memory || is_asleep(pid);
        });
    }
    void end_all() {
        for (const auto& [pid, task] : tasks_) {
            result_.hung += cat("process ", pid, " of program ", task.program, " ",
                                task.call.empty() ? "waits" : task.call, "\n");
            ::kill(pid, SIGKILL);
        }
    }

    /// Whether anything happened.
    bool reap() {
        bool any = false;
        int status = 0;
        pid_t pid = 0;
        for (; (pid = ::waitpid(-1, &status, __WALL | WNOHANG)) > 0; any = true)
            if (WIFSTOPPED(status))
                on_stop(pid, status);
            else
                on_end(pid, status);
        return any;
    }
    void on_end(pid_t pid, int status) {
        tasks_.erase(pid);
        const auto root = std::ranges::find(roots_, pid);
        if (root != roots_.end())
            result_.finished[static_cast<std::size_t>(root - roots_.begin())].status = status;
    }
    void on_stop(pid_t pid, int status) {
        const auto task = tasks_.find(pid);
        // Its parent's stop, which tells whose it is, has not been seen yet.
        if (task == tasks_.end()) {
            early_.insert(pid);
            return;
        }
        const int event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP) task->second.call = shared_call_of(pid).value_or("");
        if (event == PTRACE_EVENT_VFORK_DONE) task->second.lent_its_memory = false;
        if (event == PTRACE_EVENT_VFORK) task->second.lent_its_memory = true;
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
            event == PTRACE_EVENT_CLONE)
            adopt_child(pid, task->second.program);
        if (task->second.call.empty()) resume(pid, signal_to_pass(status));
    }
    void adopt_child(pid_t parent, std::size_t program) {
        unsigned long child = 0;
        ::ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child);
        adopt(static_cast<pid_t>(child), program);
        if (early_.erase(static_cast<pid_t>(child)) > 0) resume(static_cast<pid_t>(child), 0);
    }
    void adopt(pid_t pid, std::size_t program) { tasks_.insert({pid, Task{.program = program}}); }
    static void resume(pid_t pid, int signal) { ::ptrace(PTRACE_CONT, pid, nullptr, signal); }

    Interleaved& result_;
    std::deque<Streams> streams_;
    std::vector<pid_t> roots_;
    std::map<pid_t, Task> tasks_;
    std::set<pid_t> early_;
    std::size_t current_ = 0;
    pid_t last_ = 0;
};

}  // namespace

std::string to_string(const Schedule& schedule) {
    std::string text;
    for (const Switch& each : schedule)
        text += cat(text.empty() ? "" : " ", each.step, ":", each.to);
    return text;
}

Schedule parse_schedule(const std::string& text) {
    Schedule schedule;
    for (const std::string_view word : split(text, ' ')) {
        const auto colon = word.find(':');
        schedule.push_back({parse_int<std::size_t>(word.substr(0, colon)).value(),
                            parse_int<std::size_t>(word.substr(colon + 1)).value()});
    }
    return schedule;
}

std::string Interleaved::trace() const {
    std::string text;
    std::size_t number = 0;
    for (const Step& step : steps) text += cat(number++, ": ", step.program, " ", step.call, "\n");
    return text;
}

Interleaved run_interleaved(std::vector<Program> programs, const Schedule& schedule) {
    Interleaved result;
    result.finished.resize(programs.size());
    Scheduler scheduler(result);
    for (Program& program : programs) {
        program.prepare = [first = std::move(program.prepare), then = stopping_at_shared_calls()] {
            if (first) first();
            then();
        };
        scheduler.start(program);
    }
    scheduler.run(schedule);
    return result;
}

}  // namespace cni::test
