#include "attach/removal.h"
#include "commands.h"

namespace cni::ptp {

void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.masquerading();
    removal.pairs_and_addresses();
    removal.finish();
}

}  // namespace cni::ptp
