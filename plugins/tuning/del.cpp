#include <algorithm>
#include <cerrno>

#include "backup.h"
#include "base/passing.h"
#include "base/undo.h"
#include "commands.h"
#include "config.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

/// Whether all could be put back.
class Outcome {
public:
    /// A container must go, whatever the kernel or a driver says: what they refuse is no error. But
    /// what could not even be tried, for want of memory say, is one: DEL will be called again.
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (const SysError& error) {
            if (is_passing(error.error) || error.error == EIO)
                failures_.add(error);
            else
                note(error);
        } catch (const Error& error) {
            note(error);
        }
    }
    void throw_if_failed() const { failures_.throw_if_any(); }
    bool complete() const { return complete_; }

private:
    void note(const Error& error) {
        warn(error.what());
        complete_ = false;
    }
    Failures failures_;
    bool complete_ = true;
};

void restore(const SysctlFile& file, const std::string& value) {
    try {
        file.restore(value);
    } catch (const SysError& error) {
        if (error.error != EINVAL) throw;
        warn(error.what());  // such a value the kernel will never take
    }
}

void restore_sysctls(const Backup& backup, Outcome& outcome) {
    for (auto p = backup.sysctls.rbegin(); p != backup.sysctls.rend(); ++p)
        outcome.attempt([&] {
            if (const auto file = SysctlFile::find(name_of(*p))) restore(*file, p->value);
        });
}

void restore_link(const Netns& netns, const std::string& ifname, const Attributes& attributes) {
    if (!attributes.any()) return;
    Rtnl container = Rtnl::in(netns);
    if (const auto link = container.find(ifname)) apply(container, *link, attributes);
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
    Outcome outcome;
    request.step("restore link");
    outcome.attempt([&] { restore_link(*netns, request.args.ifname, backup->attributes); });
    request.step("restore sysctls");
    outcome.attempt([&] { netns->run([&] { restore_sysctls(*backup, outcome); }); });
    request.step("remove backup");
    outcome.throw_if_failed();
    if (outcome.complete()) file.remove();
}

}  // namespace cni::tuning
