#include "cni/attachment_lock.h"

#include <fcntl.h>

#include "base/alarm.h"
#include "base/file.h"
#include "base/hash.h"

namespace cni {
namespace {

namespace chrono = std::chrono;

constexpr const char* path = "/run/cnixx.lock";

// 60 bits of it: an offset must not be negative.
long long hash_of(std::string_view plugin, const Request& request) {
    const std::string hash = sha512_hex(cat("attachment/", plugin, "/", request.conf.name, "/",
                                            request.args.container_id, "/", request.args.ifname));
    return parse_int<long long>(hash.substr(0, 15), 16).value();
}

// An errno, or 0.
int await_lock(int file, long long place, chrono::milliseconds longest) {
    const Alarm alarm(longest);
    while (change_lock(file, F_OFD_SETLKW, F_WRLCK, place) < 0) {
        if (errno != EINTR) return errno;
        if (Alarm::went_off()) return ETIMEDOUT;
    }
    return 0;
}

Error busy(const Request& request, chrono::milliseconds longest) {
    return Error(
        Code::try_again_later,
        cat("another ADD or DEL of container ", request.args.container_id, ", interface ",
            request.args.ifname, ", has not ended for ",
            chrono::duration_cast<chrono::seconds>(longest).count(), " seconds"),
        cat("a process of it holds ", path, " (lsof ", path, " names it): end it and try again"));
}

}  // namespace

AttachmentLock::AttachmentLock(std::string_view plugin, const Request& request,
                               chrono::milliseconds longest)
    : place_(hash_of(plugin, request)) {
    try {
        file_ = open_private_file(path);
    } catch (const Error& error) {
        obstacle_ = error.msg;
        return;
    }
    if (change_lock(fd(), F_OFD_SETLK, F_WRLCK, place_) == 0) return;
    int error = errno;
    if (error == EAGAIN || error == EACCES) {
        request.step("await attachment");
        error = await_lock(fd(), place_, longest);
    }
    if (error == 0) return;
    if (error == ETIMEDOUT) throw busy(request, longest);
    obstacle_ = cat("lock ", path, ": ", errno_text(error));
    file_.reset();
}

AttachmentLock::~AttachmentLock() {
    if (file_) change_lock(fd(), F_OFD_SETLK, F_UNLCK, place_);
}

}  // namespace cni
