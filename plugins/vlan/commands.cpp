#include "commands.h"

#include "attach/check.h"
#include "attach/existing_attachment.h"
#include "attach/new_attachment.h"
#include "attach/rehearse.h"
#include "attach/removal.h"
#include "cni/delegate.h"
#include "config.h"
#include "holder.h"

namespace cni::vlan {
namespace {

std::string explain_use(const Config& config, const Link& parent, const Container& container) {
    const auto holder = find_holder(config.kind, parent, config.parent.in_container, container);
    return cat("VLAN ", config.kind.id, " of ", parent.name, " is used by ",
               holder ? *holder : "an interface in a namespace that /run/netns does not show",
               ": an interface carries each VLAN once");
}

// register_vlan_device(), vlan_check_real_dev(): net/8021q/vlan.c.
std::string explain(int error, const Config& config, const Link& parent,
                    const Container& container) {
    switch (error) {
        case EEXIST:
            return explain_use(config, parent, container);
        case EOPNOTSUPP:
            return cat(parent.name,
                       " cannot carry VLANs, or the kernel has no VLAN interfaces: it "
                       "lacks the module 8021q");
        default:
            return {};
    }
}

void check_settings(const Link& interface, const Vlan& wanted) {
    const Vlan& actual = *interface.as<Vlan>();
    if (actual.id != wanted.id)
        throw check_failure(cat("interface ", interface.name, " has the VLAN ID ", actual.id,
                                " instead of ", wanted.id));
    if (actual.protocol != wanted.protocol)
        throw check_failure(cat("interface ", interface.name, " has the VLAN protocol ",
                                name_of(Vlan::protocols, actual.protocol), " instead of ",
                                name_of(Vlan::protocols, wanted.protocol)));
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    NewAttachment attachment(request, Vlan::name);
    const Parent parent(config.parent, attachment.host, attachment.container);
    require_mtu_within(parent.link, config.mtu);
    // The kernel brings up none on one that is down: vlan_dev_open(), net/8021q/vlan_dev.c.
    require_up(parent.link);
    attachment.start_ipam();
    const Link link = attachment.make_link(
        parent, {.mtu = config.mtu, .kind = config.kind}, [&](int error, const Link& master) {
            return explain(error, config, master, attachment.container);
        });
    return attachment.finish_with(link);
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    ExistingAttachment attachment(request);
    const Link interface = attachment.check_interface(Vlan::name);
    check_settings(interface, config.kind);
    check_parent(interface, config.parent, attachment.host, attachment.container);
    attachment.check_mtu(interface, config.mtu);
    attachment.check_up(interface);
    attachment.check_addressing(interface);
}

void del(const Request& request) {
    remove_link_and_addresses(request, Vlan::name);
}

void gc(const Request& request) {
    remove_stale_addresses(request);
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("check links");
    require_parent(config.parent, config.mtu);
    request.step("rehearse");
    rehearse_on_parent({.mtu = config.mtu, .kind = config.kind});
}

}  // namespace cni::vlan
