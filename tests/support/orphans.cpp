#include "support/orphans.h"

#include <sys/wait.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

bool reaps = true;

bool is_orphan(pid_t pid) {
    const std::string name = read_file(cat("/proc/", pid, "/comm"), 64).value_or("");
    return name == "cnixx-orphan\n";
}

// A plugin has that name for a moment, too, and may end right behind it: not with it.
bool has_ended_as_orphan(pid_t pid) {
    const std::string stat = read_file(cat("/proc/", pid, "/stat"), 4096).value_or("");
    return stat.find(" (cnixx-orphan) Z ") != stat.npos;
}

}  // namespace

std::vector<pid_t> orphans() {
    const std::string children =
        read_file("/proc/thread-self/children", 1u << 20).value_or(std::string());
    std::vector<pid_t> found;
    for (const std::string_view word : split(children, ' '))
        if (const auto pid = parse_int<pid_t>(trim(word)); pid && is_orphan(*pid))
            found.push_back(*pid);
    return found;
}

void reap_orphans() {
    if (!reaps) return;
    for (const pid_t pid : orphans())
        if (has_ended_as_orphan(pid)) ::waitpid(pid, nullptr, WNOHANG);
}

void await_orphans() {
    for (const pid_t pid : orphans()) checked(::waitpid(pid, nullptr, 0), "wait for an orphan");
}

void await_zombies() {
    siginfo_t ended{};
    for (const pid_t pid : orphans())
        checked(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT),
                "wait for an orphan");
}

NoReaper::NoReaper() {
    reaps = false;
}

NoReaper::~NoReaper() {
    reaps = true;
}

}  // namespace cni::test
