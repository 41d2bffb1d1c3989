#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "sysctl_name.h"

namespace cni::tuning {

/// How a path below a directory is opened so that nothing leads out of it.
enum class Resolve {
    openat2,   ///< by openat2(2), part by part on kernels before 5.6 and where it is forbidden
    stepwise,  ///< part by part
};

/// The file of a parameter of the calling thread's network namespace, opened beneath /proc/sys/net
/// and made sure to be one of procfs. The namespace is that of opening: reading and writing may
/// be done anywhere.
class SysctlFile {
public:
    /// Throws SysError; ENOENT when the kernel, or this namespace, has no such parameter.
    static SysctlFile open(const SysctlName& name, Resolve resolve = Resolve::openat2);
    /// Like open; nullopt instead of ENOENT.
    static std::optional<SysctlFile> find(const SysctlName& name,
                                          Resolve resolve = Resolve::openat2);

    /// What read() of it says, however little it may be opened for; nullopt as there and as find.
    static std::optional<std::string> find_value(const SysctlName& name);

    /// False for a command, such as net.ipv4.route.flush.
    bool is_readable() const { return readable_; }
    /// Without the line end; nullopt when it cannot be read or has no value yet.
    std::optional<std::string> read() const;
    void write(std::string_view value) const;
    /// Writes what was read, an empty value as well.
    void restore(std::string_view value) const;
    const std::string& path() const { return path_; }

private:
    SysctlFile(std::string path, Fd file, bool readable)
        : path_(std::move(path)), file_(std::move(file)), readable_(readable) {}
    std::string path_;
    Fd file_;
    bool readable_;
};

/// Whether two values mean the same to the kernel: word by word, numbers by their value. `wanted`
/// may have fewer words: then only these were set.
bool is_value(std::string_view wanted, std::string_view actual);

}  // namespace cni::tuning
