#include "base/state_dir.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <climits>

#include "base/error.h"
#include "base/file.h"

namespace cni {
namespace {

constexpr int directory = O_RDONLY | O_DIRECTORY;

struct stat status_of(const Fd& fd, const std::string& path) {
    struct stat status {};
    checked(::fstat(fd.get(), &status), "stat ", path);
    return status;
}

// Who is in root's group is trusted as root is.
bool may_others_write(const struct stat& status) {
    return (status.st_mode & S_IWOTH) || ((status.st_mode & S_IWGRP) && status.st_gid != 0);
}

std::string mode_text(mode_t mode) {
    char digits[8];
    return {digits, std::to_chars(digits, digits + sizeof digits, mode & 07777, 8).ptr};
}

Fd require_safe(Fd dir, const std::string& path, Holds holds) {
    const struct stat status = status_of(dir, path);
    const bool is_shared = holds == Holds::directories && (status.st_mode & S_ISVTX);
    if (may_others_write(status) && !is_shared)
        throw Error(Code::internal, cat("directory ", path, " may be written to by others"),
                    cat("its mode is ", mode_text(status.st_mode), "; chmod go-w ", path));
    if (holds == Holds::files && status.st_uid != 0 && status.st_uid != ::geteuid())
        throw Error(Code::internal, cat("directory ", path, " belongs to another user"),
                    cat("to user ", status.st_uid, ", and not to root or user ", ::geteuid()));
    return dir;
}

// As mkdir -p does it for one part. Another process may make it at the same time.
void make(const Fd& parent, const std::string& name, const std::string& path, mode_t mode) {
    if (::mkdirat(parent.get(), name.c_str(), mode) < 0 && errno != EEXIST)
        checked(-1, "make directory ", path);
}

/// Goes to a directory part by part, so that each link is looked at before it is followed.
class Walk {
public:
    Walk(const std::string& path, std::optional<mode_t> make_mode)
        : rest_(path), make_mode_(make_mode) {
        enter_start();
    }

    /// nullopt when a part is missing and none is to be made.
    std::optional<Fd> run() {
        for (std::string name = next(); !name.empty(); name = next())
            if (!step(name)) return {};
        if (!make_mode_) return find_at(dir_.get(), ".", directory, at_);
        return open_at(dir_.get(), ".", directory, 0, at_);
    }

private:
    void enter_start() {
        at_ = rest_.starts_with('/') ? "/" : ".";
        dir_ = open_at(AT_FDCWD, at_.c_str(), O_PATH | O_DIRECTORY, 0, at_);
    }

    /// The next part of the path; empty at its end.
    std::string next() {
        rest_.erase(0, std::min(rest_.find_first_not_of('/'), rest_.size()));
        std::string name = rest_.substr(0, rest_.find('/'));
        rest_.erase(0, name.size());
        return name;
    }

    bool step(const std::string& name) {
        const std::string path = cat(at_, at_.ends_with('/') ? "" : "/", name);
        constexpr int flags = O_PATH | O_NOFOLLOW;
        auto found = find_at(dir_.get(), name.c_str(), flags, path);
        if (!found && make_mode_) {
            make(dir_, name, path, *make_mode_);
            found = open_at(dir_.get(), name.c_str(), flags, 0, path);
        }
        if (!found) return false;
        if (S_ISLNK(status_of(*found, path).st_mode)) {
            follow(*found, path);
        } else {
            dir_ = std::move(*found);
            at_ = path;
        }
        return true;
    }

    void follow(const Fd& link, const std::string& path) {
        constexpr int most_links = 40;  // as the kernel
        if (++links_ > most_links) throw SysError(cat("open ", path), ELOOP);
        if (may_others_write(status_of(dir_, at_)))
            throw Error(Code::internal, cat("symbolic link ", path, " is not followed"),
                        cat("others may have put it there: chmod go-w ", at_));
        std::string target(PATH_MAX, '\0');
        target.resize(static_cast<std::size_t>(
            checked(::readlinkat(link.get(), "", target.data(), target.size()), "read ", path)));
        rest_ = cat(target, "/", rest_);
        if (target.starts_with('/')) enter_start();
    }

    std::string rest_;
    std::optional<mode_t> make_mode_;
    std::string at_;
    Fd dir_;
    int links_ = 0;
};

// In one system call where no link is on the way, which is nearly always.
Fd open_without_links(const std::string& path) {
    open_how how{};
    how.flags = directory | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return Fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

std::optional<Fd> open_way(const std::string& path, std::optional<mode_t> make_mode) {
    if (Fd dir = open_without_links(path)) return dir;
    if (errno == ENOENT && !make_mode) return {};
    return Walk(path, make_mode).run();
}

}  // namespace

std::optional<Fd> find_state_dir(const std::string& path, Holds holds) {
    auto dir = open_way(path, {});
    if (!dir) return {};
    return require_safe(std::move(*dir), path, holds);
}

Fd open_state_dir(const std::string& path, Holds holds, mode_t mode) {
    return require_safe(*open_way(path, mode), path, holds);
}

std::optional<Fd> find_state_dir_in(const Fd& parent, const std::string& name,
                                    const std::string& path) {
    Fd dir(::openat(parent.get(), name.c_str(), directory | O_NOFOLLOW | O_CLOEXEC));
    if (!dir && errno == ENOENT) return {};
    if (!dir && errno == ENOTDIR)
        throw Error(Code::internal, cat(path, " is no directory"),
                    "symbolic links are not followed there");
    checked(dir.get(), "open ", path);
    return require_safe(std::move(dir), path, Holds::files);
}

Fd open_state_dir_in(const Fd& parent, const std::string& name, const std::string& path,
                     mode_t mode) {
    if (auto found = find_state_dir_in(parent, name, path)) return std::move(*found);
    make(parent, name, path, mode);
    if (auto made = find_state_dir_in(parent, name, path)) return std::move(*made);
    throw SysError(cat("open ", path), ENOENT);
}

}  // namespace cni
