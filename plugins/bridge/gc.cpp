#include "attach/removal.h"
#include "attach/spoof_checking.h"
#include "commands.h"

namespace cni::bridge {

void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.masquerading();
    removal.attempt("remove stale spoof checks", [&](const std::vector<AttachmentId>& valid) {
        Rtnl host;
        gc_spoof_checking(removal.nft(), host, request.conf.name, valid);
    });
    removal.pairs_and_addresses();
    removal.finish();
}

}  // namespace cni::bridge
