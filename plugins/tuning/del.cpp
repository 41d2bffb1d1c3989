#include <algorithm>
#include <cerrno>

#include "backup.h"
#include "base/undo.h"
#include "commands.h"
#include "config.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

// A container must go, whatever the kernel or a driver says: what cannot be put back is no error.

/// False when one could not be put back this time. A value that the kernel refuses never will.
bool restore_sysctls(const Backup& backup) {
    bool restored = true;
    for (auto p = backup.sysctls.rbegin(); p != backup.sysctls.rend(); ++p) {
        try {
            if (const auto file = SysctlFile::find(name_of(*p))) file->restore(p->value);
        } catch (const Error& error) {
            warn(error.what());
            const auto* refused = dynamic_cast<const SysError*>(&error);
            restored &= refused && refused->error == EINVAL;
        }
    }
    return restored;
}

/// False when it could not be put back.
bool restore_link(const Netns& netns, const std::string& ifname, const Attributes& attributes) try {
    if (!attributes.any()) return true;
    Rtnl container = Rtnl::in(netns);
    if (const auto link = container.find(ifname)) apply(container, *link, attributes);
    return true;
} catch (const Error& error) {
    warn(error.what());
    return false;
}

// A garbled file is reported once: the next DEL is not to fail for it.
std::optional<Backup> load(const BackupFile& file) {
    try {
        return file.load();
    } catch (const Error& error) {
        if (error.code == Code::decoding_failure) file.remove();
        throw;
    }
}

}  // namespace

// When something could not be put back, the file stays for the next DEL, or GC.
void del(const Request& request) {
    request.step("read backup");
    const BackupFile file(data_dir_of(request.conf), request.attachment());
    const auto netns = Netns::find(request.args.netns);
    if (!netns) return file.remove();
    const auto backup = load(file);
    if (!backup) return file.remove();
    request.step("restore link");
    const bool link = restore_link(*netns, request.args.ifname, backup->attributes);
    request.step("restore sysctls");
    const bool sysctls = netns->run([&] { return restore_sysctls(*backup); });
    request.step("remove backup");
    if (link && sysctls) file.remove();
}

}  // namespace cni::tuning
