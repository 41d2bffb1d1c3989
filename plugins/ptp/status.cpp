#include "attach/rehearse.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "rules/masquerading.h"

namespace cni::ptp {
namespace {

void make_everything(Rtnl& scratch, const Config& config, Backend masquerade_backend) {
    scratch.make_link({.name = "veth0",
                       .mtu = config.mtu,
                       .kind = Veth{.peer = {.name = "eth0", .mtu = config.mtu}}});
    if (!config.ip_masq) return;
    nft::Connection nft;
    require_none(masquerading_problem(nft, masquerade_backend));
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    nft::Connection nft;
    const Backend masquerade_backend = choose_backend(nft, config.masquerade_backend);
    request.step("rehearse");
    rehearse([&](Rtnl& scratch) { make_everything(scratch, config, masquerade_backend); });
}

}  // namespace cni::ptp
