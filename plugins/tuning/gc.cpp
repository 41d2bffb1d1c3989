#include "backup.h"
#include "commands.h"
#include "config.h"

namespace cni::tuning {

void gc(const Request& request) {
    request.step("remove stale backups");
    if (const auto valid = request.conf.valid_attachments())
        remove_stale_backups(data_dir_of(request.conf), request.conf.name, *valid);
}

}  // namespace cni::tuning
