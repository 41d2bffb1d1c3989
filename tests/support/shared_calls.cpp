#include "support/shared_calls.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/error.h"
#include "support/traced.h"

namespace cni::test {
namespace {

/// Arguments of a call that name a file: a descriptor, a path, or a path below a descriptor.
struct File {
    int descriptor = -1;
    int path = -1;
};

struct Call {
    long number;
    const char* name;
    File file = {};
    File other = {};
};

// Those without a file are always shared.
constexpr Call calls[] = {
    {SYS_open, "open", {-1, 0}},
    {SYS_openat, "openat", {0, 1}},
    {SYS_openat2, "openat2", {0, 1}},
    {SYS_stat, "stat", {-1, 0}},
    {SYS_lstat, "lstat", {-1, 0}},
    {SYS_fstat, "fstat", {0, -1}},
    {SYS_newfstatat, "newfstatat", {0, 1}},
    {SYS_statx, "statx", {0, 1}},
    {SYS_access, "access", {-1, 0}},
    {SYS_faccessat, "faccessat", {0, 1}},
    {SYS_faccessat2, "faccessat2", {0, 1}},
    {SYS_getdents64, "getdents64", {0, -1}},
    {SYS_read, "read", {0, -1}},
    {SYS_pread64, "pread64", {0, -1}},
    {SYS_write, "write", {0, -1}},
    {SYS_writev, "writev", {0, -1}},
    {SYS_pwrite64, "pwrite64", {0, -1}},
    {SYS_ftruncate, "ftruncate", {0, -1}},
    {SYS_utimensat, "utimensat", {0, 1}},
    {SYS_link, "link", {-1, 0}, {-1, 1}},
    {SYS_linkat, "linkat", {0, 1}, {2, 3}},
    {SYS_unlink, "unlink", {-1, 0}},
    {SYS_unlinkat, "unlinkat", {0, 1}},
    {SYS_rename, "rename", {-1, 0}, {-1, 1}},
    {SYS_renameat, "renameat", {0, 1}, {2, 3}},
    {SYS_renameat2, "renameat2", {0, 1}, {2, 3}},
    {SYS_symlinkat, "symlinkat", {1, 2}},
    {SYS_mkdir, "mkdir", {-1, 0}},
    {SYS_mkdirat, "mkdirat", {0, 1}},
    {SYS_rmdir, "rmdir", {-1, 0}},
    {SYS_flock, "flock", {0, -1}},
    {SYS_fcntl, "fcntl", {0, -1}},
    {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_getsockopt, "getsockopt"},
    {SYS_setsockopt, "setsockopt"},
};

std::string link_of(pid_t pid, const std::string& name) {
    std::array<char, 4096> text;
    const ssize_t size =
        ::readlink(cat("/proc/", pid, "/", name).c_str(), text.data(), text.size());
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
}

std::string text_at(pid_t pid, std::uint64_t address) {
    // A page at most: the next one may not be there.
    constexpr std::size_t page = 4096;
    std::string text(page - address % page, 0);
    const iovec here{text.data(), text.size()};
    const iovec there{reinterpret_cast<void*>(address), text.size()};
    const ssize_t size = ::process_vm_readv(pid, &here, 1, &there, 1, 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text.substr(0, text.find('\0'));
}

std::string path_of(pid_t pid, const __ptrace_syscall_info& call, File file) {
    const auto* args = call.seccomp.args;
    const std::string path = file.path < 0 ? "" : text_at(pid, args[file.path]);
    if (file.descriptor < 0 || path.starts_with('/')) return path;
    const int fd = static_cast<int>(args[file.descriptor]);
    const std::string folder = link_of(pid, fd == AT_FDCWD ? "cwd" : cat("fd/", fd));
    return path.empty() ? folder : cat(folder, "/", path);
}

bool is_shared(const std::string& path) {
    if (path.ends_with(" (deleted)")) return false;  // or not yet there for anybody else
    const auto is_below = [&](const char* folder) { return path.starts_with(folder); };
    return std::ranges::any_of(std::array{"/var/lib/cni", "/run/", "/proc/sys/net/"}, is_below);
}

// The options of iptables; those of a socket are its own.
bool is_of_tables(const __ptrace_syscall_info& call) {
    constexpr std::uint64_t ip = 0, ipv6 = 41, first_of_tables = 64;
    const auto* args = call.seccomp.args;
    return (args[1] == ip || args[1] == ipv6) && args[2] >= first_of_tables;
}

bool is_of_locks(const __ptrace_syscall_info& call) {
    const auto command = static_cast<int>(call.seccomp.args[1]);
    return std::ranges::count(std::array{F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW}, command) >
           0;
}

}  // namespace

std::function<void()> stopping_at_shared_calls() {
    std::vector<sock_filter> filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const Call& call : calls) {
        filter.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number), 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return [filter] {
        const sock_fprog program{static_cast<unsigned short>(filter.size()),
                                 const_cast<sock_filter*>(filter.data())};
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) ::_exit(126);
    };
}

std::optional<std::string> shared_call_of(pid_t pid) {
    const __ptrace_syscall_info info = call_of(pid);
    const auto* call = std::ranges::find(calls, static_cast<long>(info.seccomp.nr), &Call::number);
    if (info.op != PTRACE_SYSCALL_INFO_SECCOMP || call == std::end(calls)) return {};
    const bool is_option = call->number == SYS_getsockopt || call->number == SYS_setsockopt;
    if (is_option && !is_of_tables(info)) return {};
    if (call->number == SYS_fcntl && !is_of_locks(info)) return {};
    if (call->file.descriptor < 0 && call->file.path < 0) return call->name;

    const std::string path = path_of(pid, info, call->file);
    const std::string other = path_of(pid, info, call->other);
    if (!is_shared(path) && !is_shared(other)) return {};
    return cat(call->name, " ", path, other.empty() ? "" : " ", other);
}

}  // namespace cni::test
