#include <sched.h>

#include "attach/masquerading.h"
#include "cni/delegate.h"
#include "commands.h"
#include "host_side.h"
#include "netfilter/spoof_check.h"

namespace cni::bridge {
namespace {

void require(const std::optional<std::string>& problem) {
    if (problem) throw Error(Code::plugin_not_available, *problem);
}

// Makes in an empty namespace, which goes with this process, what an ADD would make on the host.
void rehearse(const Config& config, Backend masquerade_backend) {
    cni::check(::unshare(CLONE_NEWNET), "make a network namespace to try the configuration in");
    Rtnl scratch;
    const Link bridge = ensure_bridge(scratch, config).link;
    const Link port = scratch.make_veth({.host = {"veth0", Mac::random()},
                                         .container = {"eth0", Mac::random()},
                                         .master = bridge.index,
                                         .mtu = config.mtu});
    configure_port(scratch, port, config);
    nft::Connection nft;
    if (config.ip_masq) require(masquerading_problem(nft, masquerade_backend));
    if (config.spoof_check) require(spoof_check_problem(nft));
}

void require_bridge_or_nothing(Rtnl& host, const Config& config) {
    const auto link = host.find(config.bridge);
    if (link && link->kind != "bridge")
        throw Error(Code::plugin_not_available,
                    cat(quote(config.bridge), " already exists but is not a bridge"));
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_network_config(request.conf);
    if (const Ipam ipam(request); ipam.configured()) ipam.status();
    request.step("check bridge");
    Rtnl host;
    require_bridge_or_nothing(host, config);
    nft::Connection nft;
    const Backend masquerade_backend = choose_backend(nft, config.masquerade_backend);
    request.step("rehearse");
    try {
        rehearse(config, masquerade_backend);
    } catch (const SysError& error) {
        throw Error(Code::plugin_not_available,
                    cat("the kernel lacks what the configuration needs: ", error.msg),
                    error.details);
    }
}

}  // namespace cni::bridge
