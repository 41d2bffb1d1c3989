#include "attach/owners.h"
#include "attach/removal.h"
#include "attach/spoof_checking.h"
#include "commands.h"

namespace cni::bridge {

void del(const Request& request) {
    Removal removal(request);
    removal.masquerading();
    bool is_removed = false;
    const auto remove_check = [&] {
        is_removed =
            remove_spoof_checking(removal.nft(), removal.host(), owner_of(request), removal.record);
    };
    request.step("remove spoof check");
    removal.attempt(remove_check);
    removal.pair_and_addresses();
    // One of which only the port can tell whose it was.
    if (!is_removed) removal.attempt(remove_check);
    removal.finish();
}

}  // namespace cni::bridge
