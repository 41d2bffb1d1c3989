#include "sys/orphan.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sys/raw_call.h"
#include "sys/raw_descriptors.h"

namespace cni {

/// Its memory. This process does not give it back.
struct Orphan::Life {
    struct Range {
        unsigned first, last;
        bool close() const;
    };
    static std::vector<Range> ranges_besides(std::vector<int> kept);

    Life(const std::vector<int>& kept, const Task& its_begin, const Task& its_go_on)
        : closed(ranges_besides(kept)), begin(its_begin), go_on(its_go_on) {}

    const std::vector<Range> closed;
    Task begin, go_on;
    Life* const earlier = std::exchange(last, this);  // so that none counts as lost
    alignas(16) std::array<char, 16384> stack;  // not initialized: most of it is never touched

    static inline Life* last = nullptr;

    static int run(void* life);
    pid_t start();
};

// All descriptors but those that are kept.
std::vector<Orphan::Life::Range> Orphan::Life::ranges_besides(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    std::vector<Range> ranges;
    unsigned first = 0;
    for (const int fd : kept) {
        if (fd < 0) continue;
        const auto number = static_cast<unsigned>(fd);
        if (number > first) ranges.push_back({first, number - 1});
        first = number + 1;
    }
    ranges.push_back({first, ~0u});
    return ranges;
}

// False where they cannot be closed: a filter may refuse close_range(2), which Linux 5.9 has first.
CNIXX_ON_A_STACK_OF_ITS_OWN bool Orphan::Life::Range::close() const {
    if (raw_call(SYS_close_range, first, last, 0) >= 0) return true;
    return for_each_descriptor([*this](unsigned fd) {
        if (fd >= first && fd <= last) raw_call(SYS_close, fd);
    });
}

CNIXX_ON_A_STACK_OF_ITS_OWN int Orphan::Life::run(void* life) {
    auto& its = *static_cast<Life*>(life);
    const Range* const end = its.closed.data() + its.closed.size();
    for (const Range* range = its.closed.data(); range != end; ++range)
        if (!range->close()) raw_call(SYS_exit_group, 1);
    raw_call(SYS_chdir, "/");
    its.begin.run(its.begin.object);
    raw_call(SYS_setsid);
    its.go_on.run(its.go_on.object);
    raw_call(SYS_exit_group, 0);
    return 0;  // never
}

// The new process is called so by programs like ps, and never seen under another name. That of this
// one is the same again when it is known that there is one.
pid_t Orphan::Life::start() {
    char own[16] = {};
    ::prctl(PR_GET_NAME, own);
    ::prctl(PR_SET_NAME, "cnixx-orphan");
    const pid_t pid = has_raw_calls
                          ? ::clone(&run, stack.data() + stack.size(), CLONE_VM | SIGCHLD, this)
                          : ::fork();
    if (pid == 0) run(this);
    ::prctl(PR_SET_NAME, own);
    return pid;
}

std::optional<Orphan> Orphan::leave(const std::vector<int>& kept, const Task& begin,
                                    const Task& go_on) {
    Reaper reaper;
    if (!reaper.takes_one()) return {};
    const pid_t pid = (new Life(kept, begin, go_on))->start();
    if (pid < 0) return {};
    reaper.note(pid);
    return Orphan(pid, std::move(reaper));
}

Orphan::Orphan(pid_t pid, Reaper reaper)
    : pid_(pid),
      end_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
      reaper_(std::move(reaper)) {}

Orphan::Orphan(Orphan&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      end_(std::move(other.end_)),
      reaper_(std::move(other.reaper_)) {}

Orphan::~Orphan() {
    collect();
}

void Orphan::await(std::chrono::milliseconds longest) {
    pollfd end{end_.get(), POLLIN, 0};
    while (::poll(&end, 1, static_cast<int>(longest.count())) < 0 && errno == EINTR) {
    }
    collect();
}

void Orphan::collect() noexcept {
    if (pid_ < 0 || ::waitpid(pid_, nullptr, WNOHANG) != pid_) return;
    reaper_.forget(pid_);
    pid_ = -1;
}

}  // namespace cni
