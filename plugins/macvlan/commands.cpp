#include "commands.h"

#include "attach/check.h"
#include "attach/existing_attachment.h"
#include "attach/new_attachment.h"
#include "attach/parent.h"
#include "attach/rehearse.h"
#include "attach/removal.h"
#include "base/warn.h"
#include "cni/delegate.h"
#include "config.h"

namespace cni::macvlan {
namespace {

// macvlan_common_newlink(), macvlan_port_create(): drivers/net/macvlan.c.
std::string explain(int error, const Link& parent) {
    switch (error) {
        case EBUSY:
            return cat(parent.name,
                       " has ipvlan interfaces or is a port, of a bridge or bond say: "
                       "it cannot have macvlan interfaces besides");
        case EINVAL:
            return cat(parent.name,
                       " must be an Ethernet interface, and has either one interface "
                       "in mode passthru or those of other modes");
        case EOPNOTSUPP:
            return "the kernel has no macvlan interfaces: it lacks the module macvlan";
        default:
            return {};
    }
}

// The kernel would not say that it leaves out the address.
void require_possible_mac(const Config& config, const Link& parent) {
    if (config.kind.mode != Macvlan::Mode::passthru || !config.mac || config.mac == parent.mac)
        return;
    throw Error(Code::invalid_config,
                cat("mode passthru gives the interface the MAC address of master ", parent.name,
                    ", ", parent.mac.to_string(), ", not ", config.mac->to_string()),
                "leave out the address, or choose another mode");
}

// macvlan_open() refuses to bring up an address that is heard already.
bool is_taken_address(int error) {
    return error == EADDRINUSE || error == EBUSY;
}

NlError taken_address(const NlError& error, const Link& link, const Link& parent) {
    return {cat("bring up ", link.name, " with the MAC address ", link.mac.to_string()),
            error.error, cat(parent.name, " or another interface on it has the address")};
}

void check_settings(const Link& interface, const Macvlan& wanted) {
    const Macvlan& actual = *interface.as<Macvlan>();
    if (actual.mode != wanted.mode)
        throw check_failure(
            cat("container macvlan mode ", name_of(Macvlan::modes, actual.mode),
                " does not match expected value: ", name_of(Macvlan::modes, wanted.mode)));
    if (wanted.broadcast_queue && actual.broadcast_queue &&
        actual.broadcast_queue != wanted.broadcast_queue)
        throw check_failure(cat("container macvlan bcqueuelen ", *actual.broadcast_queue,
                                " does not match expected value: ", *wanted.broadcast_queue));
}

// Kernels leave out without a word what they do not know.
void warn_if_queue_is_missing(const Link& link, const Macvlan& wanted) {
    const Macvlan* actual = link.as<Macvlan>();
    if (wanted.broadcast_queue && actual && !actual->broadcast_queue)
        warn("\"bcqueuelen\" is not set: the kernel has no such setting, Linux 5.11 has");
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    NewAttachment attachment(request, Macvlan::name);
    const Parent parent(config.parent, attachment.host, attachment.container);
    require_mtu_within(parent.link, config.mtu);
    require_possible_mac(config, parent.link);
    warn_if_down(parent.link);
    attachment.start_ipam();
    const Link link = attachment.make_link(
        parent, {.mac = config.mac, .mtu = config.mtu, .kind = config.kind}, explain);
    warn_if_queue_is_missing(link, config.kind);
    try {
        return attachment.finish_with(link);
    } catch (const NlError& error) {
        if (is_taken_address(error.error)) throw taken_address(error, link, parent.link);
        throw;
    }
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    ExistingAttachment attachment(request);
    const Link interface = attachment.check_interface(Macvlan::name);
    check_settings(interface, config.kind);
    check_parent(interface, config.parent, attachment.host, attachment.container);
    attachment.check_mtu(interface, config.mtu);
    attachment.check_up(interface);
    if (config.layer3) attachment.check_addressing(interface);
}

void del(const Request& request) {
    remove_link_and_addresses(request, Macvlan::name);
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

}  // namespace cni::macvlan
