#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "commands.h"

namespace cni::bridge {

// Whatever ADD may have made is looked for, whatever the configuration says today: rules in every
// backend, links by their names. The connection to nf_tables is closed last, since the kernel
// makes that wait for what was deleted, as it makes the deletion of a link wait.
void del(const Request& request) {
    Failures failures;
    nft::Connection nft;
    const auto result = request.conf.prev_result_if_readable();
    request.step("remove masquerading");
    failures.attempt([&] { remove_masquerading(nft, owner_of(request), result); });
    request.step("remove spoof check");
    const auto remove_check = [&] { return remove_spoof_checking(nft, owner_of(request), result); };
    bool is_removed = false;
    failures.attempt([&] { is_removed = remove_check(); });
    failures.attempt([&] { remove_pair_and_addresses(request); });
    // One of which only the port can tell whose it was.
    if (!is_removed) failures.attempt(remove_check);
    request.step("await kernel");
    failures.throw_if_any();
}

}  // namespace cni::bridge
