#include "iptables/xtables_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cstdlib>

#include "base/alarm.h"
#include "base/error.h"
#include "base/file.h"

namespace cni::ipt {
namespace {

const char* lock_path() {
    const char* path = ::getenv("XTABLES_LOCKFILE");
    return path && *path ? path : "/run/xtables.lock";
}

void wait_for(int file, std::chrono::milliseconds limit, const char* path) {
    const Alarm alarm(limit);
    while (::flock(file, LOCK_EX) < 0) {
        if (errno != EINTR) throw SysError(cat("lock ", path), errno);
        if (Alarm::went_off())
            throw Error(Code::try_again_later,
                        cat("another program holds the lock of iptables, ", path, ", for too long"),
                        cat("waited ", limit.count(), " ms"));
    }
}

}  // namespace

XtablesLock::XtablesLock(std::chrono::milliseconds limit) {
    const char* path = lock_path();
    file_ = open_at(AT_FDCWD, path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0600, path);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK) throw SysError(cat("lock ", path), errno);
    wait_for(file_.get(), limit, path);
}

}  // namespace cni::ipt
