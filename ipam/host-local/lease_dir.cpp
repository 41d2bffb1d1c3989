#include "lease_dir.h"

#include <fcntl.h>
#include <sys/stat.h>

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

constexpr std::int64_t ns_per_s = 1'000'000'000;

std::int64_t to_ns(const timespec& time) {
    return time.tv_sec * ns_per_s + time.tv_nsec;
}

FileStamp to_stamp(const struct stat& status) {
    return {status.st_ino, to_ns(status.st_ctim)};
}

struct stat status_of(int fd, std::string_view what) {
    struct stat status;
    check(::fstat(fd, &status), "stat ", what);
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

std::optional<LeaseDir> LeaseDir::find(const Location& location) {
    auto parent = find_state_dir(location.data_dir, Holds::directories);
    if (!parent) return {};
    auto dir = find_state_dir_in(*parent, location.network, location.path());
    if (!dir) return {};
    return LeaseDir(location, std::move(*parent), std::move(*dir));
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
    struct stat status;
    const int rc = ::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
    if (rc < 0 && errno == ENOENT) return {};
    check(rc, "stat ", path_of(name));
    return to_stamp(status);
}

std::optional<LeaseFile> LeaseDir::load(const std::string& name) const {
    const Fd file(::openat(fd(), name.c_str(), O_RDONLY | O_CLOEXEC | safely));
    // No fault of the file: taking it for nobody's lease would keep its address for good.
    if (!file && is_passing(errno)) check(-1, "open ", path_of(name));
    if (!file) {
        const auto there = stamp(name);
        if (!there) return {};
        return LeaseFile{*there, {}};
    }
    const struct stat status = status_of(file.get(), path_of(name));
    LeaseFile lease{to_stamp(status), {}};
    if (!S_ISREG(status.st_mode) || status.st_size > max_lease_size) return lease;
    std::string content(static_cast<std::size_t>(status.st_size), 0);
    const ssize_t n = ::read(file.get(), content.data(), content.size());
    if (n < 0 && is_passing(errno)) check(n, "read ", path_of(name));
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
        check(-1, "remove ", path_of(name));
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
    check(::pwrite(file.get(), text.data(), text.size(), 0), "write ", path);
    check(::ftruncate(file.get(), static_cast<off_t>(text.size())), "truncate ", path);
}

namespace {
// The lock is held, so one name is enough. Not an address: the reference plugin passes it over.
constexpr const char* draft_name = ".new-lease";

bool has_no_unnamed_files(int error) {
    return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

bool has_no_hard_links(int error) {
    return error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
}
}  // namespace

LeaseDraft::LeaseDraft(const LeaseDir& dir, std::string_view text) : dir_(dir), text_(text) {
    file_ = Fd(::openat(dir.fd(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, file_mode));
    if (!file_ && has_no_unnamed_files(errno)) {
        write_named();
        return;
    }
    check(file_.get(), "make a lease in ", dir.path_of(""));
    write_content();
}

void LeaseDraft::write_named() {
    remove_leftover(dir_);
    file_ = open_at(dir_.fd(), draft_name, O_WRONLY | O_CREAT | O_EXCL, file_mode,
                    dir_.path_of(draft_name));
    named_ = true;
    try {
        write_content();
    } catch (...) {
        remove_name();
        throw;
    }
}

void LeaseDraft::write_content() {
    write_all(file_.get(), text_, cat("a lease in ", dir_.path_of("")));
}

LeaseDraft::~LeaseDraft() {
    remove_name();
}

void LeaseDraft::remove_name() {
    if (named_) ::unlinkat(dir_.fd(), draft_name, 0);
    named_ = false;
}

void LeaseDraft::remove_leftover(const LeaseDir& dir) {
    ::unlinkat(dir.fd(), draft_name, 0);
}

int LeaseDraft::link(const char* name) const {
    if (named_) return ::linkat(dir_.fd(), draft_name, dir_.fd(), name, 0);
    // Needs a capability in the initial user namespace, and fails with ENOENT without it.
    const int rc = ::linkat(file_.get(), "", dir_.fd(), name, AT_EMPTY_PATH);
    if (rc == 0 || errno != ENOENT) return rc;
    const std::string path = cat("/proc/self/fd/", file_.get());
    return ::linkat(AT_FDCWD, path.c_str(), dir_.fd(), name, AT_SYMLINK_FOLLOW);
}

// Who makes leases holds the lock: nobody takes the name between the two steps.
int LeaseDraft::rename(const Ip& ip) {
    if (!named_) write_named();
    if (dir_.stamp(ip)) {
        errno = EEXIST;
        return -1;
    }
    const int rc = ::renameat(dir_.fd(), draft_name, dir_.fd(), ip.to_string().c_str());
    if (rc == 0) named_ = false;
    return rc;
}

std::optional<FileStamp> LeaseDraft::publish(const Ip& ip) {
    const std::string name = ip.to_string();
    int rc = link(name.c_str());
    if (rc < 0 && has_no_hard_links(errno)) rc = rename(ip);
    if (rc < 0 && errno == EEXIST) return {};
    const std::string path = dir_.path_of(name);
    check(rc, "make lease ", path);
    remove_name();
    try {
        return to_stamp(status_of(file_.get(), path));
    } catch (...) {
        ::unlinkat(dir_.fd(), name.c_str(), 0);
        throw;
    }
}

}  // namespace cni::host_local
