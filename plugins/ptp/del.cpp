#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "commands.h"
#include "netfilter/nft.h"

namespace cni::ptp {

// Whatever ADD may have made is looked for, whatever the configuration says today. The connection
// to nf_tables is closed last, since the kernel makes that wait for what was deleted, as it makes
// the deletion of a link wait.
void del(const Request& request) {
    Failures failures;
    nft::Connection nft;
    request.step("remove masquerading");
    failures.attempt([&] {
        remove_masquerading(nft, owner_of(request), request.conf.prev_result_if_readable());
    });
    // Addresses and routes of the host go with the pair.
    failures.attempt([&] { remove_pair_and_addresses(request); });
    request.step("await kernel");
    failures.throw_if_any();
}

}  // namespace cni::ptp
