#include "lease_draft.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::host_local {
namespace {
// The lock is held, so one name is enough. Not an address: the reference plugin passes it over.
constexpr const char* draft_name = ".new-lease";
constexpr mode_t file_mode = 0600;
bool has_no_unnamed_files(int error) {
    return error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
}

bool has_no_hard_links(int error) {
    return error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
}
}  // namespace

LeaseDraft::LeaseDraft(const LeaseDir& dir, std::string_view text,
                       std::optional<std::int64_t> mtime)
    : dir_(dir), text_(text), mtime_(mtime) {
    file_ = Fd(::openat(dir.fd(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, file_mode));
    if (!file_ && has_no_unnamed_files(errno)) {
        write_named();
        return;
    }
    checked(file_.get(), "make a lease in ", dir.path_of(""));
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
    if (!mtime_) return;
    const timespec times[2] = {{0, UTIME_OMIT}, {*mtime_ / ns_per_s, *mtime_ % ns_per_s}};
    // Where it cannot be set the index alone remembers the boot.
    [[maybe_unused]] const int rc = ::futimens(file_.get(), times);
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
    checked(rc, "make lease ", path);
    remove_name();
    try {
        struct stat status;
        checked(::fstat(file_.get(), &status), "stat ", path);
        return stamp_of(status);
    } catch (...) {
        ::unlinkat(dir_.fd(), name.c_str(), 0);
        throw;
    }
}

}  // namespace cni::host_local
