#include "attach/removal.h"
#include "commands.h"

namespace cni::ptp {

// Addresses and routes of the host go with the pair.
void del(const Request& request) {
    Removal removal(request);
    removal.masquerading();
    removal.pair_and_addresses();
    removal.finish();
}

}  // namespace cni::ptp
