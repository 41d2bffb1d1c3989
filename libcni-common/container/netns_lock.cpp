#include "container/netns_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include "base/alarm.h"
#include "base/warn.h"

namespace cni {
namespace {

bool await_lock(int file, std::chrono::milliseconds longest) {
    const Alarm alarm(longest);
    while (::flock(file, LOCK_EX) < 0)
        if (errno != EINTR || Alarm::went_off()) return false;
    return true;
}

}  // namespace

// Opened anew: a duplicate of the descriptor would keep it locked as long as that one is open.
NetnsLock::NetnsLock(const Netns& netns, std::chrono::milliseconds longest)
    : file_(::open(cat("/proc/self/fd/", netns.fd()).c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!file_ || ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    if (!await_lock(file_.get(), longest))
        warn({netns.path(), " is locked by another process: going on without the lock"});
}

}  // namespace cni
