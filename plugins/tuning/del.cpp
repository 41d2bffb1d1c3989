#include <algorithm>

#include "backup.h"
#include "base/undo.h"
#include "commands.h"
#include "config.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

// In a namespace that is about to go: what cannot be put back there must not hinder that.
void restore_sysctls(const Backup& backup) {
    for (auto p = backup.sysctls.rbegin(); p != backup.sysctls.rend(); ++p) {
        try {
            if (const auto file = SysctlFile::find(name_of(*p))) file->restore(p->value);
        } catch (const Error& error) {
            warn(error.what());
        }
    }
}

/// False when the kernel refuses: a container must go, whatever a driver says.
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

// When the link cannot be put back, the file stays for the next DEL, or GC.
void del(const Request& request) {
    const BackupFile file(data_dir_of(request.conf), request.attachment());
    const auto netns = Netns::find(request.args.netns);
    if (!netns) return file.remove();
    const auto backup = load(file);
    if (!backup) return file.remove();
    const bool restored = restore_link(*netns, request.args.ifname, backup->attributes);
    netns->run([&] { restore_sysctls(*backup); });
    if (restored) file.remove();
}

}  // namespace cni::tuning
