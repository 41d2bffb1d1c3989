#include "base/await_path.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"

namespace cni {
namespace {

using Clock = std::chrono::steady_clock;

// What has been written, moved there, or taken away with the directory itself.
constexpr unsigned interesting =
    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class Watch {
public:
    explicit Watch(std::string path)
        : path_(std::move(path)),
          events_(checked(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "watch ", path_)) {}

    /// Whatever happens from now on wakes await().
    void begin() {
        // A directory may have been made while the one above it was not watched yet.
        std::string watched;
        for (std::string now; (now = watch_nearest()) != watched;) watched = now;
    }

    /// False at the deadline.
    bool await(Clock::time_point deadline) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd events{events_.get(), POLLIN, 0};
        const int ready =
            ::poll(&events, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) return true;
        checked(ready, "watch ", path_);
        char forgotten[4096];
        while (::read(events_.get(), forgotten, sizeof forgotten) > 0) {
        }
        return ready > 0;
    }

private:
    std::string watch_nearest() {
        for (std::string dir = parent_of(path_);; dir = parent_of(dir)) {
            if (::inotify_add_watch(events_.get(), dir.c_str(), interesting) >= 0) return dir;
            const bool is_missing = errno == ENOENT || errno == ENOTDIR;
            if (!is_missing || dir == "/" || dir == ".") checked(-1, "watch directory ", dir);
        }
    }

    std::string path_;
    Fd events_;
};

}  // namespace

bool await_path(const std::string& path, const std::function<bool()>& is_reached,
                std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    Watch watch(path);
    for (bool is_time_left = true; is_time_left; is_time_left = watch.await(deadline)) {
        watch.begin();
        if (is_reached()) return true;
    }
    return is_reached();
}

}  // namespace cni
