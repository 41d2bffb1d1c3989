#include "backup.h"
#include "commands.h"
#include "config.h"
#include "put_back.h"

namespace cni::tuning {
namespace {

// A garbled file is reported once: the next DEL is not to fail for it.
std::optional<Backup> load(const BackupFile& file) {
    try {
        return file.load();
    } catch (const SysError&) {
        throw;
    } catch (const Error&) {
        file.remove();
        throw;
    }
}

}  // namespace

// When something could not be put back, the file stays for the next DEL, or GC.
void del(const Request& request) {
    request.step("read backup");
    const BackupFile file(data_dir_of(request.conf), request.attachment());
    auto netns = Netns::find(request.args.netns);
    if (!netns) return file.remove();
    const auto backup = load(file);
    if (!backup) return file.remove();
    Outcome outcome;
    request.step("put back");
    outcome.attempt([&] { put_back(std::move(*netns), request.args.ifname, *backup, outcome); });
    request.step("remove backup");
    outcome.report();
    if (outcome.is_complete()) file.remove();
}

}  // namespace cni::tuning
