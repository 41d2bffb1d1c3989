#include "attach/removal.h"
#include "attach/spoof_checking.h"
#include "commands.h"

namespace cni::bridge {

void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.masquerading();
    removal.attempt([&](const std::vector<AttachmentId>& valid) {
        request.step("remove stale spoof checks");
        gc_spoof_checking(removal.nft(), removal.host(), request.conf.name, valid);
    });
    removal.pairs_and_addresses();
    removal.finish();
}

}  // namespace cni::bridge
