#include "sys/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace cni {
namespace {

std::string path_of(const std::string& key) {
    return cat("/proc/sys/", key);
}

bool set_if_present(int dir, const std::string& path, const std::string& key,
                    std::string_view value) {
    const Fd fd(::openat(dir, path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) return false;
    checked(fd.get(), "set ", key, " to ", value);
    // One write: the kernel takes each write as the whole value.
    checked(::write(fd.get(), value.data(), value.size()), "set ", key, " to ", value);
    return true;
}

}  // namespace

std::optional<std::string> find_sysctl(const std::string& key) {
    const auto fd = find_at(AT_FDCWD, path_of(key).c_str(), O_RDONLY, key);
    if (!fd) return {};
    return std::string(trim(read_all(fd->get(), 65536, key)));
}

bool set_sysctl_if_present(const std::string& key, std::string_view value) {
    return set_if_present(AT_FDCWD, path_of(key), key, value);
}

void set_sysctl(const std::string& key, std::string_view value) {
    if (!set_sysctl_if_present(key, value)) throw SysError(cat("set ", key, " to ", value), ENOENT);
}

void set_sysctl_if_possible(const std::string& key, std::string_view value) {
    try {
        set_sysctl_if_present(key, value);
    } catch (const SysError&) {
        // A read-only /proc/sys, say.
    }
}

std::optional<SysctlDir> SysctlDir::find(std::string path) {
    Fd dir(::open(path_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!dir) return {};
    return SysctlDir(std::move(path), std::move(dir));
}

void SysctlDir::set_if_possible(const std::string& name, std::string_view value) const {
    try {
        set_if_present(dir_.get(), name, cat(path_, "/", name), value);
    } catch (const SysError&) {
        // A read-only /proc/sys, say.
    }
}

void ensure_sysctl(const std::string& key, std::string_view value) {
    if (find_sysctl(key) != value) set_sysctl(key, value);
}

}  // namespace cni
