#include "commands.h"

#include "attach/check.h"
#include "attach/existing_attachment.h"
#include "attach/new_attachment.h"
#include "attach/rehearse.h"
#include "attach/removal.h"
#include "cni/delegate.h"
#include "config.h"

namespace cni::dummy {

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    NewAttachment attachment(request, Dummy::name);
    attachment.start_ipam();
    const Link link = attachment.make_link(attachment.container.rtnl,
                                           {.mac = config.mac, .mtu = config.mtu, .kind = Dummy{}});
    return attachment.finish_with(link);
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    ExistingAttachment attachment(request);
    const Link link = attachment.check_interface(Dummy::name);
    attachment.check_up(link);
    attachment.check_mtu(link, config.mtu);
    attachment.check_addressing(link);
}

void del(const Request& request) {
    remove_link_and_addresses(request, Dummy::name);
}

void gc(const Request& request) {
    remove_stale_addresses(request);
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("rehearse");
    rehearse([&](Rtnl& scratch) {
        scratch.make_link({.name = "eth0", .mac = config.mac, .mtu = config.mtu, .kind = Dummy{}});
    });
}

}  // namespace cni::dummy
