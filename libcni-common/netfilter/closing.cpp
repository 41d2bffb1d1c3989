#include "netfilter/closing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace cni::nft {
namespace {

using Duration = std::chrono::nanoseconds;

constexpr const char* path = "/run/cnixx.nftables";
// Twice what a deletion was seen to take, and the grain of the times of files.
constexpr Duration deletion_time = std::chrono::milliseconds(40);
constexpr Duration between_closings = std::chrono::milliseconds(100);

Duration duration_of(const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

Duration now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return duration_of(time);
}

}  // namespace

void note_deletion() noexcept {
    constexpr const timespec* current_time = nullptr;
    if (::utimensat(AT_FDCWD, path, current_time, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
        return;
    // Made now.
    const int file = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);
}

bool closing_takes_time() noexcept {
    struct stat status {};
    if (::fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) < 0) return false;
    const Duration age = now(CLOCK_REALTIME) - duration_of(status.st_mtim);
    return age >= Duration::zero() && age < deletion_time;
}

void await_common_closing() noexcept {
    const auto periods = (now(CLOCK_MONOTONIC) + deletion_time) / between_closings + 1;
    const Duration moment = periods * between_closings;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(moment);
    const timespec until{.tv_sec = seconds.count(), .tv_nsec = (moment - seconds).count()};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
}

}  // namespace cni::nft
