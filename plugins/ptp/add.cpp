#include "addressing.h"
#include "attach/configure.h"
#include "attach/new_attachment.h"
#include "commands.h"
#include "config.h"

namespace cni::ptp {

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    NewAttachment attachment(request);
    Rtnl& host = attachment.host;
    attachment.start_ipam();
    const VethPair veth =
        attachment.make_veth_pair({.container_mac = Mac::random(), .mtu = config.mtu});

    Result result = attachment.finish_ipam();
    request.step("configure interface");
    complete_ipam_result(result);
    configure_container(attachment.container, veth.container, result);
    request.step("set gateway");
    // Up last: a pair of which the other end is up already costs the kernel less.
    configure_host(host, veth.host, result);
    if (config.ip_masq) attachment.masquerade(config.masquerade_backend, result);

    request.step("describe");
    // Asking for a link makes the kernel take notice of its carrier; until then, for up to a
    // second, the link drops what is sent.
    attachment.container.rtnl.apply(get_link(veth.container.name));
    await_addresses(attachment.container, result);
    return attachment.finish(std::move(result), {attachment.on_host(host.get(veth.host.name)),
                                                 attachment.in_container(veth.container)});
}

}  // namespace cni::ptp
