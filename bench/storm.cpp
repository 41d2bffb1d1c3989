#include "bench/storm.h"

#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "bench/run.h"

namespace cni::bench {
namespace {

/// An operation whose present call is running.
struct Underway {
    ChainRun operation;
    double begin;
    Running running;
};

class Driver {
public:
    Driver(std::vector<ChainRun> operations, unsigned width)
        : operations_(std::move(operations)), storm_{.width = width, .times = {}} {}

    Storm run() {
        const double begin = now_ms();
        for (fill(); !underway_.empty(); fill()) advance();
        storm_.per_second =
            static_cast<double>(storm_.times.milliseconds.size()) * 1e3 / (now_ms() - begin);
        return std::move(storm_);
    }

private:
    void fill() {
        for (; next_ < operations_.size() && underway_.size() < storm_.width; ++next_) {
            const double begin = now_ms();
            start_call(operations_[next_], begin);
        }
    }
    void start_call(const ChainRun& operation, double begin) {
        Running running = start(operation.call());
        const pid_t pid = running.pid;
        underway_.emplace(pid, Underway{operation, begin, std::move(running)});
    }
    void advance() {
        int status = 0;
        const pid_t pid = checked(::waitpid(-1, &status, 0), "wait for a plugin");
        const double end = now_ms();
        auto node = underway_.extract(pid);
        if (node.empty()) return;  // an orphan
        Underway& ended = node.mapped();
        try {
            ended.operation.take(result_of(ended.running, status));
        } catch (const Error& error) {
            if (storm_.failed++ == 0) storm_.first_failure = cat(error.msg, ": ", error.details);
            return;
        }
        if (ended.operation.done())
            storm_.times.milliseconds.push_back(end - ended.begin);
        else
            start_call(ended.operation, ended.begin);
    }

    std::vector<ChainRun> operations_;
    std::size_t next_ = 0;
    std::map<pid_t, Underway> underway_;
    Storm storm_;
};

}  // namespace

double Times::quantile(double q) const {
    if (milliseconds.empty()) return 0;
    std::vector<double> sorted = milliseconds;
    const auto at = std::lround(q * static_cast<double>(sorted.size() - 1));
    std::ranges::nth_element(sorted, sorted.begin() + at);
    return sorted[static_cast<std::size_t>(at)];
}

Storm run_at_once(std::vector<ChainRun> operations, unsigned width) {
    return Driver(std::move(operations), width).run();
}

}  // namespace cni::bench
