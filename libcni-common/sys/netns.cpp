#include "sys/netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cstdlib>

namespace cni {
namespace {

struct stat status_of(int fd, const std::string& path) {
    struct stat status {};
    checked(::fstat(fd, &status), "stat ", path);
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

Error cannot_open(const std::string& path, int error) {
    return Error(Code::invalid_netns,
                 cat("failed to Statfs ", quote(path), ": ", errno_text(error)),
                 "CNI_NETNS must be the path of a network namespace");
}

// Its magic number.
unsigned long file_system_of(int fd, const std::string& path) {
    struct statfs fs {};
    checked(::fstatfs(fd, &fs), "statfs ", path);
    return static_cast<unsigned long>(fs.f_type);
}

std::string_view kind_of_file(int fd, const std::string& path) {
    const mode_t mode = status_of(fd, path).st_mode;
    return S_ISDIR(mode) ? "a directory" : S_ISREG(mode) ? "a plain file" : "a special file";
}

Error no_namespace(int fd, const std::string& path) {
    return Error(Code::invalid_netns,
                 cat("unknown FS magic on ", quote(path), ": ", hex(file_system_of(fd, path)),
                     ": it is ", kind_of_file(fd, path), " and no network namespace"),
                 "CNI_NETNS must be the path of a network namespace: where one was mounted, it is "
                 "not mounted any more");
}

// Files of nsfs answer what kind of namespace they are.
Fd require_kind(Fd fd, const std::string& path) {
    const int kind = ::ioctl(fd.get(), NS_GET_NSTYPE);
    if (kind >= 0 && kind != CLONE_NEWNET)
        throw Error(Code::invalid_netns, cat(quote(path), " is not a network namespace"),
                    "it is a namespace of another kind");
    return fd;
}

// Of those that open() can fail with: there is nothing, or nothing that could be a namespace.
bool is_of_nothing(int error) {
    constexpr int errors[] = {ENOENT, ENOTDIR, ESRCH, ELOOP, ENAMETOOLONG, ENXIO, ENODEV};
    return std::find(std::begin(errors), std::end(errors), error) != std::end(errors);
}

}  // namespace

Netns Netns::current() {
    const std::string path = "/proc/thread-self/ns/net";
    Fd fd = try_open(path);
    checked(fd.get(), "open ", path);
    return {std::move(fd), path};
}

Netns Netns::open(const std::string& path) {
    Fd fd = try_open(path);
    if (!fd) throw cannot_open(path, errno);
    if (file_system_of(fd.get(), path) != NSFS_MAGIC) throw no_namespace(fd.get(), path);
    return {require_kind(std::move(fd), path), path};
}

std::optional<Netns> Netns::find(const std::string& path) {
    if (path.empty()) return {};
    Fd fd = try_open(path);
    if (!fd && is_of_nothing(errno)) return {};
    if (!fd) throw cannot_open(path, errno);
    if (file_system_of(fd.get(), path) != NSFS_MAGIC) return {};
    return Netns(require_kind(std::move(fd), path), path);
}

std::pair<dev_t, ino_t> Netns::identity() const {
    const struct stat status = status_of(fd(), path_);
    return {status.st_dev, status.st_ino};
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

// Who is away already has proved that coming home is allowed.
void NetnsTour::go_to(const Netns& there) {
    if (is_away_)
        there.enter(there.path_);
    else
        home_.go_to(there);
    is_away_ = true;
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
    checked(rc, "get the cookie of a network namespace");
    return cookie;
}

// The kernel allocates for it, which may fail for a moment.
void Netns::return_to() const noexcept {
    for (int attempt = 0; attempt < 5; ++attempt)
        if (::setns(fd(), CLONE_NEWNET) == 0) return;
    std::abort();
}

}  // namespace cni
