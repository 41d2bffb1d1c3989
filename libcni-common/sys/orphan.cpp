#include "sys/orphan.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace cni {
namespace {

// Where there is no close_range(2), as before Linux 5.9.
void close_one_by_one(unsigned first, unsigned last) {
    constexpr const char* open_files = "/proc/self/fd";
    for (const std::string& name :
         list_dir(open_at(AT_FDCWD, open_files, O_RDONLY | O_DIRECTORY, 0, open_files), open_files))
        if (const auto fd = parse_int<unsigned>(name); fd && *fd >= first && *fd <= last)
            ::close(static_cast<int>(*fd));
}

void close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned first = 0;
    const auto close_up_to = [&](unsigned last) {
        if (::close_range(first, last, 0) < 0) close_one_by_one(first, last);
    };
    for (const int fd : kept) {
        if (fd < 0) continue;
        const auto number = static_cast<unsigned>(fd);
        if (number > first) close_up_to(number - 1);
        first = number + 1;
    }
    close_up_to(~0u);
}

// The new process is called so by programs like ps, and never seen under another name. That of this
// one is the same again when it is known that there is one.
pid_t fork_as(const char* name) {
    char own[16] = {};
    ::prctl(PR_GET_NAME, own);
    ::prctl(PR_SET_NAME, name);
    const pid_t pid = ::fork();
    if (pid != 0) ::prctl(PR_SET_NAME, own);
    return pid;
}

[[noreturn]] void be_orphan(std::vector<int> kept, const std::function<void()>& begin,
                            const std::function<void()>& go_on) noexcept {
    try {
        close_all_but(std::move(kept));
        [[maybe_unused]] const int rc = ::chdir("/");
        begin();
        ::setsid();
        go_on();
    } catch (...) {
        // Nobody is there to be told.
    }
    ::_exit(0);
}

}  // namespace

std::optional<Orphan> Orphan::leave(std::vector<int> kept, const std::function<void()>& begin,
                                    const std::function<void()>& go_on) {
    Reaper reaper;
    if (!reaper.takes_one()) return {};
    const pid_t pid = fork_as("cnixx-orphan");
    if (pid < 0) return {};
    if (pid == 0) be_orphan(std::move(kept), begin, go_on);
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
