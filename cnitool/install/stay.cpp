#include "stay.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <chrono>

#include "base/error.h"
#include "base/fd.h"
#include "base/warn.h"

namespace cni::tool {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Whoever replaces one plugin replaces several: they are looked at when nothing has happened for
// this long.
constexpr milliseconds quiet{500};
// Two installers that both stay shall not keep the node busy with replacing each other's plugins.
constexpr std::chrono::seconds pause_between{10};

// As process 1 of a container it would get no signal that it does not handle.
void end_when_told() {
    struct sigaction action {};
    action.sa_handler = [](int) { ::_exit(0); };
    for (const int signal : {SIGTERM, SIGINT})
        checked(::sigaction(signal, &action, nullptr), "await signals");
}

/// What happens to the files of directories.
class Changes {
public:
    Changes() : events_(checked(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch directories")) {}

    /// Again of a directory that was removed since, and made anew.
    void watch(const std::string& dir) const {
        constexpr unsigned interesting = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE |
                                         IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                         IN_ONLYDIR;
        checked(::inotify_add_watch(events_.get(), dir.c_str(), interesting), "watch ", dir);
    }
    void await() const {
        await_one(milliseconds(-1));
        while (await_one(quiet)) {
        }
    }

private:
    bool await_one(milliseconds longest) const {
        pollfd events{events_.get(), POLLIN, 0};
        const int ready = ::poll(&events, 1, static_cast<int>(longest.count()));
        if (ready < 0 && errno == EINTR) return true;
        checked(ready, "watch directories");
        char forgotten[4096];
        while (::read(events_.get(), forgotten, sizeof forgotten) > 0) {
        }
        return ready > 0;
    }

    Fd events_;
};

void pause_until(Clock::time_point time) {
    const auto left = std::chrono::ceil<milliseconds>(time - Clock::now());
    if (left.count() > 0) ::poll(nullptr, 0, static_cast<int>(left.count()));
}

}  // namespace

void install_and_stay(const InstallOptions& options) {
    end_when_told();
    const Changes changes;
    for (;;) {
        install(options);
        const auto next = Clock::now() + pause_between;
        changes.watch(options.bin_dir);
        if (!options.conflist.empty()) changes.watch(options.conf_dir);
        std::vector<std::string> replaced;
        while ((replaced = missing(options)).empty()) changes.await();
        for (const std::string& what : replaced) warn({what, ": put there again"});
        pause_until(next);
    }
}

}  // namespace cni::tool
