#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace cni {

/// Kernel parameters of the calling thread's network namespace. A key is a path below /proc/sys
/// with slashes, since interface names may hold dots: "net/ipv6/conf/eth0.5/accept_ra".
/// Its parts come from our own code or from validated interface names.

/// The value without the line end; nullopt when the kernel has no such key. Throws SysError.
std::optional<std::string> find_sysctl(const std::string& key);

/// Throws SysError; ENOENT when the kernel has no such key.
void set_sysctl(const std::string& key, std::string_view value);

/// Like set_sysctl; false when the kernel has no such key (IPv6 switched off, say).
bool set_sysctl_if_present(const std::string& key, std::string_view value);

/// For what only refines things: a kernel that lacks the key, or lets nobody set it, is no failure.
void set_sysctl_if_possible(const std::string& key, std::string_view value);

/// Writes only when the value differs: a needless write of some keys is expensive.
void ensure_sysctl(const std::string& key, std::string_view value);

/// A directory of kernel parameters, "net/ipv6/conf/eth0", which is found once: see
/// netlink/parameters.h for what that costs.
class SysctlDir {
public:
    /// nullopt when the kernel has none, or this process may not see it.
    static std::optional<SysctlDir> find(std::string path);
    /// As set_sysctl_if_possible of the parameter `name` in it.
    void set_if_possible(const std::string& name, std::string_view value) const;

private:
    SysctlDir(std::string path, Fd dir) : path_(std::move(path)), dir_(std::move(dir)) {}
    std::string path_;
    Fd dir_;
};

}  // namespace cni
