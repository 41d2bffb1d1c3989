#include "backup.h"
#include "commands.h"
#include "config.h"
#include "put_back.h"

namespace cni::tuning {
namespace {

// The container may live on, and its DEL be called later, which finds no file any more.
void put_back_if_there(const Backup& backup) {
    if (backup.netns.empty()) return;
    auto netns = Netns::find(backup.netns);
    if (!netns) return;
    Outcome outcome;
    outcome.attempt(
        [&] { put_back(std::move(*netns), backup.attachment.ifname, backup, outcome); });
    outcome.report();
}

}  // namespace

void gc(const Request& request) {
    request.step("remove stale backups");
    if (const auto valid = request.conf.valid_attachments())
        remove_stale_backups(data_dir_of(request.conf), request.conf.name, *valid,
                             put_back_if_there);
}

}  // namespace cni::tuning
