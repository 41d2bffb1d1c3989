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
    request.step("check addresses");
    check_addresses(attachment.container, link, attachment.own);
    check_routes(attachment.container, link, attachment.own);
}

void del(const Request& request) {
    Removal removal(request);
    removal.link_and_addresses(Dummy::name);
    removal.finish();
}

void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.addresses();
    removal.finish();
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
