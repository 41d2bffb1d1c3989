#include "sysctl_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "base/file.h"

namespace cni::tuning {
namespace {

constexpr std::string_view root = "/proc/sys/net";

// The kernel allocates as much as is asked for, and almost all values are short; a list of ports
// (net.ipv4.ip_local_reserved_ports) may not be.
constexpr std::size_t shortest_buffer = 1024, longest_value = 65536;

void require_procfs(const Fd& file, std::string_view path) {
    struct statfs status {};
    checked(::fstatfs(file.get(), &status), "look at ", path);
    if (status.f_type != PROC_SUPER_MAGIC)
        throw Error(Code::internal, cat(path, " is not a file of procfs"));
}

Fd openat2_beneath(const Fd& dir, const SysctlName& name, int flags) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
    const std::string path = join(name.parts, "/");
    return Fd(static_cast<int>(::syscall(SYS_openat2, dir.get(), path.c_str(), &how, sizeof how)));
}

// No part is "..", and no link is followed.
Fd openat_stepwise(const Fd& root_dir, const SysctlName& name, int flags) {
    Fd dir;
    for (std::size_t i = 0; i < name.parts.size(); ++i) {
        const bool is_last = i + 1 == name.parts.size();
        const int wanted = is_last ? flags : O_PATH | O_DIRECTORY;
        Fd next(::openat(dir ? dir.get() : root_dir.get(), name.parts[i].c_str(),
                         wanted | O_NOFOLLOW | O_CLOEXEC));
        if (is_last || !next) return next;
        dir = std::move(next);
    }
    return {};
}

Fd open_beneath(const SysctlName& name, int flags, Resolve resolve) {
    const Fd dir = open_at(AT_FDCWD, root.data(), O_PATH | O_DIRECTORY, 0, root);
    require_procfs(dir, root);
    Fd file;
    if (resolve == Resolve::openat2) file = openat2_beneath(dir, name, flags);
    // Old filters of system calls answer EPERM to what they do not know.
    if (resolve == Resolve::stepwise || (!file && (errno == ENOSYS || errno == EPERM)))
        file = openat_stepwise(dir, name, flags);
    if (file) require_procfs(file, name.file());
    return file;
}

std::string_view next_word(std::string_view& text) {
    text = trim(text);
    const auto end = std::min(text.find_first_of(" \t\n"), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

// As the kernel reads numbers: 0x and 0 say the base.
std::optional<std::int64_t> number(std::string_view word) {
    const bool negative = word.starts_with('-');
    if (negative) word.remove_prefix(1);
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        base = 16;
        word.remove_prefix(2);
    } else if (word.size() > 1 && word[0] == '0') {
        base = 8;
    }
    if (word.starts_with('-')) return {};
    const auto value = parse_int<std::int64_t>(word, base);
    return value && negative ? -*value : value;
}

bool is_word(std::string_view wanted, std::string_view actual) {
    if (wanted == actual) return true;
    const auto value = number(wanted);
    return value && value == number(actual);
}

}  // namespace

std::optional<SysctlFile> SysctlFile::find(const SysctlName& name, Resolve resolve) {
    std::string path = name.file();
    Fd file = open_beneath(name, O_RDWR, resolve);
    const bool readable = static_cast<bool>(file);
    if (!file && errno == EACCES) file = open_beneath(name, O_WRONLY, resolve);
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return {};
    checked(file.get(), "open ", path);
    return SysctlFile(std::move(path), std::move(file), readable);
}

SysctlFile SysctlFile::open(const SysctlName& name, Resolve resolve) {
    if (auto file = find(name, resolve)) return std::move(*file);
    if (name.parts.front() == "ipv6" && ::access("/proc/sys/net/ipv6", F_OK) < 0)
        throw Error(Code::internal, cat("open ", name.file(), ": IPv6 is disabled in the kernel"),
                    "boot it without ipv6.disable=1, or leave the parameter out");
    throw SysError(cat("open ", name.file()), ENOENT);
}

std::optional<std::string> SysctlFile::find_value(const SysctlName& name) {
    std::string path = name.file();
    Fd file = open_beneath(name, O_RDONLY, Resolve::openat2);
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return {};
    checked(file.get(), "open ", path);
    return SysctlFile(std::move(path), std::move(file), true).read();
}

std::optional<std::string> SysctlFile::read() const {
    if (!readable_) return {};
    for (std::string value(shortest_buffer, '\0');; value.resize(value.size() * 4)) {
        const ssize_t length = ::pread(file_.get(), value.data(), value.size(), 0);
        // It has none before it is set; of any other parameter an original value would be lost.
        if (length < 0 && errno == EIO && path_.ends_with("/stable_secret")) return {};
        const auto used = static_cast<std::size_t>(checked(length, "read ", path_));
        if (used == value.size() && used < longest_value) continue;
        value.resize(used);
        return std::string(trim(value));
    }
}

void SysctlFile::write(std::string_view value) const {
    const auto put = [&](std::size_t done) {
        const std::string_view rest = value.substr(done);
        return static_cast<std::size_t>(
            checked(::pwrite(file_.get(), rest.data(), rest.size(), static_cast<off_t>(done)),
                    "write ", path_, ": set ", quote(value)));
    };
    // The kernel takes each write as the whole value, but for lists longer than a page: those it
    // takes in parts, and says how far it came.
    for (std::size_t done = put(0); done < value.size();) {
        const std::size_t more = put(done);
        if (more == 0) throw SysError(cat("write ", path_, ": set ", quote(value)), EINVAL);
        done += more;
    }
}

void SysctlFile::restore(std::string_view value) const {
    // The kernel takes nothing from an empty write; a line end empties what may be empty.
    write(value.empty() ? "\n" : value);
}

bool is_value(std::string_view wanted, std::string_view actual) {
    for (auto word = next_word(wanted); !word.empty(); word = next_word(wanted))
        if (!is_word(word, next_word(actual))) return false;
    return true;
}

}  // namespace cni::tuning
