#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace cni {

Fd open_at(int dir, const char* path, int flags, mode_t mode, std::string_view what) {
    return Fd(checked(::openat(dir, path, flags | O_CLOEXEC, mode), "open ", what));
}

std::optional<Fd> find_at(int dir, const char* path, int flags, std::string_view what) {
    Fd fd(::openat(dir, path, flags | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return {};
    checked(fd.get(), "open ", what);
    return fd;
}

namespace {

// Whether a transfer that failed with errno is to be tried again. Who shares stdin or stdout with
// us may have made it non-blocking: then it is waited for.
bool may_retry(int fd, short events) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    pollfd wanted{fd, events, 0};
    return ::poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

std::string read_all(int fd, std::size_t limit, std::string_view what) {
    std::string text;
    std::size_t used = 0;
    for (;;) {
        if (text.size() - used < 4096) text.resize(text.size() + 8192);
        const ssize_t n = ::read(fd, text.data() + used, text.size() - used);
        if (n < 0 && may_retry(fd, POLLIN)) continue;
        checked(n, "read ", what);
        used += static_cast<std::size_t>(n);
        if (used > limit)
            throw Error(Code::io_failure, cat(what, " is larger than ", limit, " bytes"));
        if (n == 0) break;
    }
    text.resize(used);
    return text;
}

std::optional<std::string> read_file(const std::string& path, std::size_t limit) {
    const auto fd = find_at(AT_FDCWD, path.c_str(), O_RDONLY, path);
    if (!fd) return {};
    return read_all(fd->get(), limit, path);
}

Fd open_private_file(const char* path) {
    constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    Fd file = open_at(AT_FDCWD, path, flags, 0600, path);
    struct stat status {};
    checked(::fstat(file.get(), &status), "stat ", path);
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 ||
        (status.st_uid != 0 && status.st_uid != ::geteuid()))
        throw Error(Code::internal, cat(path, " is not a file that only this user can open"));
    return file;
}

int change_lock(int file, int command, short type, long long place) {
    struct flock byte {};
    byte.l_type = type;
    byte.l_whence = SEEK_SET;
    byte.l_start = place;
    byte.l_len = 1;
    return ::fcntl(file, command, &byte);
}

void write_all(int fd, std::string_view text, std::string_view what) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && may_retry(fd, POLLOUT)) continue;
        checked(n, "write ", what);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void replace_file(int dir, const std::string& name, const std::string& temporary,
                  std::string_view content, mode_t mode, std::string_view what) {
    ::unlinkat(dir, temporary.c_str(), 0);
    const Fd file =
        open_at(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, what);
    try {
        write_all(file.get(), content, what);
        checked(::renameat(dir, temporary.c_str(), dir, name.c_str()), "rename into ", what);
    } catch (...) {
        ::unlinkat(dir, temporary.c_str(), 0);
        throw;
    }
}

std::vector<std::string> list_dir(Fd dir, std::string_view what) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(dir.get()), ::closedir);
    checked(stream ? 0 : -1, "list ", what);
    dir.release();
    std::vector<std::string> names;
    const auto next = [&stream] {
        errno = 0;  // stays 0 at the end of the directory
        return ::readdir(stream.get());
    };
    while (const dirent* entry = next()) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    checked(errno == 0 ? 0 : -1, "list ", what);
    std::sort(names.begin(), names.end());
    return names;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

int obstacle_to(int access, const std::string& path) {
    if (::faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0) return 0;
    // What filters of system calls say that are older than faccessat2(2). access(2) asks for the
    // real user, who is the same one unless somebody made the program setuid.
    if (errno == EPERM && ::access(path.c_str(), access) == 0) return 0;
    return errno;
}

std::optional<Obstacle> obstacle_to_filling(std::string path) {
    while (const int obstacle = obstacle_to(W_OK | X_OK, cat(path, "/."))) {
        if (obstacle != ENOENT || path == "/" || path == ".") return Obstacle{obstacle, path};
        path = parent_of(path);
    }
    return {};
}

void begin_program() {
    // Where there is no such device, of something that can be neither read nor written.
    const auto fill = [] {
        const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        return fd >= 0 ? fd : ::open("/", O_PATH | O_CLOEXEC);
    };
    int fd;
    do fd = fill();
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) ::close(fd);
    for (const int deadly : {SIGPIPE, SIGXFSZ}) ::signal(deadly, SIG_IGN);
}

FileLock::FileLock(Fd file, std::string_view what) : file_(std::move(file)) {
    int rc;
    do rc = ::flock(file_.get(), LOCK_EX);
    while (rc < 0 && errno == EINTR);
    checked(rc, "lock ", what);
}

}  // namespace cni
