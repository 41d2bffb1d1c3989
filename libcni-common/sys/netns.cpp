#include "sys/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cstdlib>

namespace cni {
namespace {

struct stat status_of(int fd, const std::string& path) {
    struct stat status {};
    check(::fstat(fd, &status), "stat ", path);
    return status;
}

// Does not wait for the writer of a pipe.
Fd try_open(const std::string& path) {
    return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

std::string hex(unsigned long number) {
    char buffer[20];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number, 16).ptr};
}

// nsfs files answer what kind of namespace they are; procfs only shows them as links to nsfs.
void require_network_namespace(int fd, const std::string& path) {
    struct statfs fs {};
    check(::fstatfs(fd, &fs), "statfs ", path);
    if (fs.f_type != NSFS_MAGIC)
        throw Error(Code::invalid_netns,
                    cat("unknown FS magic on ", quote(path), ": ",
                        hex(static_cast<unsigned long>(fs.f_type))),
                    "CNI_NETNS must be the path of a network namespace");
    const int kind = ::ioctl(fd, NS_GET_NSTYPE);
    if (kind >= 0 && kind != CLONE_NEWNET)
        throw Error(Code::invalid_netns, cat(quote(path), " is not a network namespace"),
                    "it is a namespace of another kind");
}

// What `ip netns` leaves behind when the namespace was unmounted: an ordinary, empty file.
bool is_unmounted_leftover(int fd) {
    struct stat status {};
    struct statfs fs {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0 &&
           ::fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

Fd require_open(Fd fd, const std::string& path) {
    if (!fd) {
        const int error = errno;
        throw Error(Code::invalid_netns,
                    cat("failed to Statfs ", quote(path), ": ", errno_text(error)),
                    "CNI_NETNS must be the path of a network namespace");
    }
    require_network_namespace(fd.get(), path);
    return fd;
}

}  // namespace

Netns Netns::current() {
    const std::string path = "/proc/thread-self/ns/net";
    Fd fd = try_open(path);
    check(fd.get(), "open ", path);
    return {std::move(fd), path};
}

Netns Netns::open(const std::string& path) {
    return {require_open(try_open(path), path), path};
}

std::optional<Netns> Netns::find(const std::string& path) {
    if (path.empty()) return {};
    Fd fd = try_open(path);
    if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ESRCH)) return {};
    if (fd && is_unmounted_leftover(fd.get())) return {};
    return Netns(require_open(std::move(fd), path), path);
}

bool Netns::is_same(const Netns& other) const {
    const auto mine = status_of(fd(), path_), theirs = status_of(other.fd(), other.path_);
    return mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
}

// Where going there is allowed, coming back need not be: an unprivileged user may own the other
// namespace and not this one. Entering the one we are in asks the kernel, and changes nothing.
void Netns::go_to(const Netns& there) const {
    enter(cat(there.path_, " and come back"));
    there.enter(there.path_);
}

void Netns::enter(const std::string& what) const {
    if (::setns(fd(), CLONE_NEWNET) == 0) return;
    const int error = errno;
    throw SysError(cat("enter network namespace ", what), error,
                   error == EPERM ? "CAP_SYS_ADMIN is needed over that namespace and this one, and "
                                    "no seccomp filter or security module may forbid setns(2)"
                                  : "");
}

bool is_same_netns(const std::string& path, const std::string& other) {
    if (path.empty() || other.empty()) return false;
    if (path == other) return true;
    struct stat mine {};
    struct stat theirs {};
    return ::stat(path.c_str(), &mine) == 0 && ::stat(other.c_str(), &theirs) == 0 &&
           mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
}

std::uint64_t netns_cookie(int socket) {
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    const int rc = ::getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size);
    if (rc < 0 && errno == ENOPROTOOPT) return 0;
    check(rc, "get the cookie of a network namespace");
    return cookie;
}

// The kernel allocates for it, which may fail for a moment.
void Netns::return_to() const noexcept {
    for (int attempt = 0; attempt < 5; ++attempt)
        if (::setns(fd(), CLONE_NEWNET) == 0) return;
    std::abort();
}

}  // namespace cni
