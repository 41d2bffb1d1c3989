#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "commands.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {

// Whatever ADD may have made is looked for, whatever the configuration says today: rules in every
// backend, links by their names. The connection to nf_tables is closed last, since the kernel
// makes that wait for what was deleted, as it makes the deletion of a link wait.
void del(const Request& request) {
    Failures failures;
    nft::Connection nft;
    request.step("remove masquerading");
    failures.attempt([&] { remove_masquerading(nft, owner_of(request), request.args.netns); });
    request.step("remove spoof check");
    failures.attempt([&] {
        remove_spoof_check(nft, spoof_reference(request.args.container_id, request.args.ifname));
    });
    failures.attempt([&] { remove_pair_and_addresses(request); });
    request.step("await kernel");
    failures.throw_if_any();
}

}  // namespace cni::bridge
