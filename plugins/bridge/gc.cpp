#include "attach/masquerading.h"
#include "attach/owners.h"
#include "attach/spoof_checking.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "commands.h"

namespace cni::bridge {

void gc(const Request& request) {
    Failures failures;
    const std::string& network = request.conf.name;
    const auto attachments = request.conf.valid_attachments();
    if (attachments) {
        nft::Connection nft;
        Rtnl host;
        request.step("remove stale masquerading");
        failures.attempt([&] { gc_masquerading(nft, network, owners_of(network, *attachments)); });
        request.step("remove stale spoof checks");
        failures.attempt([&] { gc_spoof_checking(nft, host, network, *attachments); });
    }
    failures.attempt([&] { remove_stale_pairs_and_addresses(request, attachments); });
    failures.throw_if_any();
}

}  // namespace cni::bridge
