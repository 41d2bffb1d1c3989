#include "lease_dir.h"

#include <fcntl.h>

#include "base/error.h"
#include "base/file.h"
#include "base/passing.h"
#include "base/state_dir.h"

namespace cni::host_local {
namespace {

// Container ids have no limit of their own; the environment that brings them has this one.
constexpr off_t max_lease_size = off_t{128} * 1024;
constexpr mode_t directory_mode = 0755;
constexpr mode_t file_mode = 0600;
// NONBLOCK: a planted FIFO must not stop us.
constexpr int safely = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

std::int64_t to_ns(const timespec& time) {
    return time.tv_sec * ns_per_s + time.tv_nsec;
}

struct stat status_of(int fd, std::string_view what) {
    struct stat status;
    checked(::fstat(fd, &status), "stat ", what);
    return status;
}

void require_regular(int fd, std::string_view what) {
    if (!S_ISREG(status_of(fd, what).st_mode))
        throw Error(Code::internal, cat(what, " is not a regular file"));
}

std::string last_reserved_name(std::size_t set) {
    return cat("last_reserved_ip.", set);
}

}  // namespace

FileStamp stamp_of(const struct stat& status) {
    return {.inode = status.st_ino,
            .changed = to_ns(status.st_ctim),
            .modified = to_ns(status.st_mtim)};
}

std::optional<LeaseDir> LeaseDir::find(const Location& location) {
    auto parent = find_state_dir(location.data_dir, Holds::directories);
    if (!parent) return {};
    auto dir = find_state_dir_in(*parent, location.network, location.path());
    if (!dir) return {};
    return LeaseDir(location, std::move(*parent), std::move(*dir));
}

LeaseDir LeaseDir::find_or_empty(const Location& location) {
    if (auto dir = find(location)) return *std::move(dir);
    return LeaseDir(location, {}, {});
}

LeaseDir LeaseDir::make(const Location& location) {
    Fd parent = open_state_dir(location.data_dir, Holds::directories, directory_mode);
    Fd dir = open_state_dir_in(parent, location.network, location.path(), directory_mode);
    return LeaseDir(location, std::move(parent), std::move(dir));
}

std::string LeaseDir::path_of(std::string_view name) const {
    return cat(location_.path(), "/", name);
}

Fd LeaseDir::open_lock() const {
    const std::string path = path_of("lock");
    Fd lock = open_at(fd(), "lock", O_RDONLY | O_CREAT | safely, file_mode, path);
    require_regular(lock.get(), path);
    return lock;
}

std::int64_t LeaseDir::mtime() const {
    return to_ns(status_of(fd(), location_.path()).st_mtim);
}

bool LeaseDir::set_mtime(std::int64_t ns) const {
    const timespec times[2] = {{0, UTIME_OMIT}, {ns / ns_per_s, ns % ns_per_s}};
    return ::futimens(fd(), times) == 0;
}

std::vector<Ip> LeaseDir::addresses() const {
    if (!dir_) return {};
    // A descriptor of its own: the position in a directory is that of its descriptor.
    Fd listed = open_at(fd(), ".", O_RDONLY | O_DIRECTORY, 0, location_.path());
    const std::vector<std::string> names = list_dir(std::move(listed), location_.path());
    std::vector<Ip> found;
    for (const std::string& name : names) {
        const auto ip = Ip::parse(name);
        if (ip && ip->to_string() == name) found.push_back(*ip);
    }
    return found;
}

std::optional<FileStamp> LeaseDir::stamp(const Ip& ip) const {
    return stamp(ip.to_string());
}

std::optional<FileStamp> LeaseDir::stamp(const std::string& name) const {
    if (!dir_) return {};
    struct stat status;
    const int rc = ::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    if (rc < 0 && errno == ENOENT) return {};
    checked(rc, "stat ", path_of(name));
    return stamp_of(status);
}

std::optional<LeaseFile> LeaseDir::load(const std::string& name) const {
    if (!dir_) return {};
    const Fd file(::openat(fd(), name.c_str(), O_RDONLY | O_CLOEXEC | safely));
    // No fault of the file: taking it for nobody's lease would keep its address for good.
    if (!file && is_passing(errno)) checked(-1, "open ", path_of(name));
    if (!file) {
        const auto there = stamp(name);
        if (!there) return {};
        return LeaseFile{*there, {}};
    }
    const struct stat status = status_of(file.get(), path_of(name));
    LeaseFile lease{stamp_of(status), {}};
    if (!S_ISREG(status.st_mode) || status.st_size > max_lease_size) return lease;
    std::string content(static_cast<std::size_t>(status.st_size), 0);
    const ssize_t n = ::read(file.get(), content.data(), content.size());
    if (n < 0 && is_passing(errno)) checked(n, "read ", path_of(name));
    if (n != status.st_size) return lease;
    lease.content = std::move(content);
    return lease;
}

std::optional<LeaseFile> LeaseDir::load(const Ip& ip) const {
    return load(ip.to_string());
}

std::optional<std::string> LeaseDir::read(const Ip& ip) const {
    const auto file = load(ip);
    return file ? file->content : std::nullopt;
}

void LeaseDir::remove(const Ip& ip) const {
    const std::string name = ip.to_string();
    if (::unlinkat(fd(), name.c_str(), 0) < 0 && errno != ENOENT)
        checked(-1, "remove ", path_of(name));
}

bool LeaseDir::is_unused() const {
    return ::faccessat(fd(), "lock", F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
           addresses().empty();
}

std::optional<Ip> LeaseDir::read_last_reserved(std::size_t set) const {
    const auto file = load(last_reserved_name(set));
    return file && file->content ? Ip::parse(*file->content) : std::nullopt;
}

// In place: truncating first or renaming over it makes ext4 flush the disk.
void LeaseDir::write_last_reserved(std::size_t set, const Ip& ip) const {
    const std::string name = last_reserved_name(set);
    const std::string path = path_of(name);
    const Fd file = open_at(fd(), name.c_str(), O_WRONLY | O_CREAT | safely, file_mode, path);
    require_regular(file.get(), path);
    const std::string text = ip.to_string();
    checked(::pwrite(file.get(), text.data(), text.size(), 0), "write ", path);
    checked(::ftruncate(file.get(), static_cast<off_t>(text.size())), "truncate ", path);
}

}  // namespace cni::host_local
