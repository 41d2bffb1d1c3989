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

void restore_link(const Netns& netns, const std::string& ifname, const Attributes& attributes) {
    if (!attributes.any()) return;
    Rtnl container = Rtnl::in(netns);
    if (const auto link = container.find(ifname)) restore(container, *link, attributes);
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

// When something cannot be put back, the file stays for the next DEL.
void del(const Request& request) {
    const BackupFile file(data_dir_of(request.conf), request.attachment());
    const auto netns = Netns::find(request.args.netns);
    if (!netns) return file.remove();
    if (const auto backup = load(file)) {
        restore_link(*netns, request.args.ifname, backup->attributes);
        netns->run([&] { restore_sysctls(*backup); });
    }
    file.remove();
}

}  // namespace cni::tuning
