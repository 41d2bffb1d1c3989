#include <sched.h>

#include "attach/masquerading.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "netfilter/nft.h"
#include "netlink/link.h"

namespace cni::ptp {
namespace {

// Makes in an empty namespace, which goes with this process, what an ADD would make on the host.
void rehearse(const Config& config) {
    cni::check(::unshare(CLONE_NEWNET), "make a network namespace to try the configuration in");
    Rtnl().make_veth({.host = {"veth0", Mac::random()},
                      .container = {"eth0", Mac::random()},
                      .mtu = config.mtu});
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("rehearse");
    try {
        if (config.ip_masq) {
            nft::Connection nft;
            const Backend backend = choose_backend(nft, config.masquerade_backend);
            if (const auto problem = masquerading_problem(nft, backend))
                throw Error(Code::plugin_not_available, *problem);
        }
        rehearse(config);
    } catch (const SysError& error) {
        throw Error(Code::plugin_not_available,
                    cat("the kernel lacks what the configuration needs: ", error.msg),
                    error.details);
    }
}

}  // namespace cni::ptp
