#include <optional>

#include "addressing.h"
#include "attach/container.h"
#include "attach/masquerading.h"
#include "attach/owners.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "netfilter/nft.h"

namespace cni::ptp {
namespace {

/// What the steps of an ADD work with.
struct Context {
    explicit Context(const Request& r)
        : request(r),
          config(parse_config(r.conf)),
          ipam(r),
          netns(open_container(r.args)),
          container(Rtnl::in(netns)) {
        if (config.ip_masq) nft.emplace();
    }

    const Request& request;
    const Config config;
    const Ipam ipam;
    const Netns netns;
    Rtnl host, container;
    std::optional<nft::Connection> nft;
};

void masquerade(Context& c, const Result& result, Undo& undo) {
    c.request.step("add masquerading");
    undo.on_failure("remove the masquerading",
                    [&c, result] { remove_masquerading(*c.nft, owner_of(c.request), result); });
    add_masquerading(*c.nft, c.config.masquerade_backend, owner_of(c.request), result);
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    Context c(request);
    require_new_interface(c.container, request.args);

    // The IPAM plugin works while the pair is made.
    Ipam::Allocation allocation = c.ipam.start_add();
    Undo undo(request.steps);
    undo.on_failure("release the addresses",
                    [&c, &allocation] { release_addresses(c.host, c.request, allocation); });
    const VethPair veth = make_veth_pair(c.host, c.netns, request,
                                         {.container_mac = Mac::random(), .mtu = c.config.mtu});
    undo.on_failure("delete the veth pair",
                    [&c, link = veth.host] { c.host.apply(remove_link(link)); });

    Result result = allocation.finish();
    request.step("configure interface");
    complete_ipam_result(result);
    configure_container(c.container, c.netns, veth.container, result);
    request.step("set gateway");
    // Up last: a pair of which the other end is up already costs the kernel less.
    configure_host(c.host, veth.host, result);
    if (c.config.ip_masq) masquerade(c, result, undo);

    request.step("describe");
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent.
    c.container.apply(get_link(veth.container.name));
    result.interfaces = {describe(c.host.get(veth.host.name), request),
                         describe(veth.container, request, request.args.netns)};
    if (c.config.dns) result.dns = *c.config.dns;
    undo.commit();
    return result;
}

}  // namespace cni::ptp
