#include "attach/rehearse.h"
#include "cni/delegate.h"
#include "commands.h"
#include "host_side.h"
#include "netfilter/spoof_check.h"
#include "rules/masquerading.h"

namespace cni::bridge {
namespace {

void require_bridge_or_nothing(Rtnl& host, const Config& config) {
    const auto link = host.find(config.bridge);
    if (link && !link->is<cni::Bridge>())
        throw Error(Code::plugin_not_available,
                    cat(quote(config.bridge), " already exists but is not a bridge"));
}

void make_everything(Rtnl& scratch, const Config& config, Backend masquerade_backend) {
    const Link bridge = ensure_bridge(scratch, config).link;
    const Link port =
        scratch.make_link({.name = "veth0",
                           .mtu = config.mtu,
                           .master = bridge.index,
                           .kind = Veth{.peer = {.name = "eth0", .mtu = config.mtu}}});
    configure_port(scratch, port, config);
    nft::Connection nft;
    if (config.ip_masq) require_none(masquerading_problem(nft, masquerade_backend));
    if (config.spoof_check) require_none(spoof_check_problem(nft));
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("check bridge");
    Rtnl host;
    require_bridge_or_nothing(host, config);
    nft::Connection nft;
    const Backend masquerade_backend = choose_backend(nft, config.masquerade_backend);
    request.step("rehearse");
    rehearse([&](Rtnl& scratch) { make_everything(scratch, config, masquerade_backend); });
}

}  // namespace cni::bridge
