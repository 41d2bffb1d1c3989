#include "sys/crew.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace cni {
namespace {

using Failed = std::map<std::size_t, std::string>;
using Work = std::function<void(std::size_t)>;

// The numbers of one process: every `step`-th.
struct Share {
    std::size_t first, step, end;
};

void do_share(const Share& share, const Work& work,
              const std::function<void(std::size_t, const char*)>& failed) {
    for (std::size_t i = share.first; i < share.end; i += share.step) {
        try {
            work(i);
        } catch (...) {
            failed(i, current_error_text());
        }
    }
}

// Tells of each failure as "<number>:<length>:<text>".
[[noreturn]] void do_share_as_child(const Share& share, const Work& work, pid_t parent,
                                    int report) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || ::getppid() != parent) ::_exit(1);
    int status = 0;
    try {
        do_share(share, work, [&](std::size_t i, const char* text) {
            const std::string_view what = text;
            write_all(report, cat(i, ":", what.size(), ":", what), "a report");
        });
    } catch (...) {
        status = 1;
    }
    ::_exit(status);
}

void read_reports(const std::string& reports, Failed& failed) {
    std::string_view rest = reports;
    const auto number = [&] {
        const auto colon = std::min(rest.find(':'), rest.size());
        const auto value = parse_int<std::size_t>(rest.substr(0, colon)).value_or(0);
        rest.remove_prefix(std::min(colon + 1, rest.size()));
        return value;
    };
    while (!rest.empty()) {
        const std::size_t i = number(), length = std::min(number(), rest.size());
        failed[i] = rest.substr(0, length);
        rest.remove_prefix(length);
    }
}

class Worker {
public:
    Worker(const Share& share, const Work& work) : share_(share) {
        int ends[2];
        checked(::pipe2(ends, O_CLOEXEC), "make a pipe for a process");
        reports_ = Fd(ends[0]);
        const Fd writer(ends[1]);
        const pid_t parent = ::getpid();
        // Once there is a pipe. NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer)
        pid_ = checked(::fork(), "start a process");
        if (pid_ == 0) do_share_as_child(share, work, parent, writer.get());
    }

    void finish(Failed& failed) {
        const std::string text =
            read_all(reports_.get(), std::numeric_limits<std::size_t>::max(), "a report");
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        read_reports(text, failed);
        // Of none of its numbers it is known how far it came.
        if (status != 0)
            for (std::size_t i = share_.first; i < share_.end; i += share_.step)
                failed.try_emplace(i, "the process that was to do it was killed");
    }

private:
    Share share_;
    Fd reports_;
    pid_t pid_ = -1;
};

}  // namespace

Failed in_parallel(std::size_t count, std::size_t width, const Work& work) {
    Failed failed;
    const std::size_t step = std::min(count, width);
    std::vector<Worker> workers;
    std::size_t started = 0;
    try {
        for (; step > 1 && started < step; ++started)
            workers.emplace_back(Share{started, step, count}, work);
    } catch (const SysError&) {
        // Too many processes: the rest is done here.
    }
    for (; started < step; ++started)
        do_share({started, step, count}, work,
                 [&](std::size_t i, const char* text) { failed[i] = text; });
    for (Worker& worker : workers) worker.finish(failed);
    return failed;
}

}  // namespace cni
