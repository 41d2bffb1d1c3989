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

namespace cni::ipvlan {
namespace {

// ipvlan_link_new(), ipvlan_port_create(): drivers/net/ipvlan/ipvlan_main.c.
std::string explain(int error, const Link& parent) {
    switch (error) {
        case EBUSY:
            return cat(parent.name,
                       " has macvlan interfaces or is a port, of a bridge or bond say: it cannot "
                       "have ipvlan interfaces besides");
        case EINVAL:
            return cat(parent.name, " must be an Ethernet interface");
        case EOPNOTSUPP:
            return "the kernel has no ipvlan interfaces: it lacks the module ipvlan";
        default:
            return {};
    }
}

NewLink link_of(const Config& config) {
    return {.mtu = config.mtu,
            .kind = Ipvlan{.mode = config.mode,
                           .isolation = config.isolation.value_or(Ipvlan::Isolation::bridge)}};
}

void warn_of_dhcp(const Request& request) {
    if (request.conf.ipam_type() == "dhcp")
        warn(
            "ipvlan with dhcp: the server must tell containers apart by their client identifiers, "
            "for they share the MAC address of the master");
}

std::string words_for(Ipvlan::Isolation isolation) {
    return std::string(name_of(Ipvlan::isolations, isolation));
}

// All interfaces of a master have the same: "bridge" is not forced upon those that want none of it.
void require_isolation(const Link& link, const Link& parent, const Config& config) {
    const auto actual = link.as<Ipvlan>()->isolation;
    if (config.isolation.value_or(actual) == actual) return;
    throw Error(Code::internal,
                cat("the interfaces on master ", parent.name, " have isolation ", words_for(actual),
                    ", not ", words_for(*config.isolation)),
                "all of a master have the same: use another master, or remove the others first");
}

void check_settings(const Link& interface, const Config& config) {
    const Ipvlan& actual = *interface.as<Ipvlan>();
    if (actual.mode != config.mode)
        throw check_failure(
            cat("Container IPVlan mode ", name_of(Ipvlan::modes, actual.mode),
                " does not match expected value: ", name_of(Ipvlan::modes, config.mode)),
            "all interfaces of a master have the mode of the last one");
    if (config.isolation.value_or(actual.isolation) != actual.isolation)
        throw check_failure(cat("Container IPVlan isolation ", words_for(actual.isolation),
                                " does not match expected value: ", words_for(*config.isolation)),
                            "all interfaces of a master have that of the last one");
}

// In a list the master may have been what an earlier plugin made: no result tells that any more.
bool is_parent_known(const Config& config) {
    return !config.parent.name.empty() || config.has_ipam;
}

}  // namespace

Result addresses_of(const std::optional<Result>& prev_result) {
    if (prev_result && !prev_result->ips.empty()) return *prev_result;
    throw Error(Code::invalid_config, "no plugin name provided",
                "ipvlan needs \"ipam\" with a \"type\", or the addresses of a plugin before it");
}

Result add(const Request& request) {
    request.step("prepare");
    Config config = parse_config(request.conf);
    const auto prev_result = request.conf.prev_result();
    if (config.parent.name.empty() && prev_result)
        config.parent.name = chained_parent(*prev_result);
    NewAttachment attachment(request, Ipvlan::name);
    const Parent parent(config.parent, attachment.host, attachment.container);
    require_mtu_within(parent.link, config.mtu);
    warn_if_down(parent.link);
    warn_of_dhcp(request);
    if (config.has_ipam)
        attachment.start_ipam();
    else
        attachment.take_over(addresses_of(prev_result));
    const Link link = attachment.make_link(parent, link_of(config), explain);
    require_isolation(link, parent.link, config);
    return attachment.finish_with(link);
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    ExistingAttachment attachment(request);
    const Link interface = attachment.check_interface(Ipvlan::name);
    check_settings(interface, config);
    if (is_parent_known(config))
        check_parent(interface, config.parent, attachment.host, attachment.container);
    attachment.check_mtu(interface, config.mtu);
    attachment.check_up(interface);
    attachment.check_addressing(interface);
}

void del(const Request& request) {
    remove_link_and_addresses(request, Ipvlan::name);
}

void gc(const Request& request) {
    remove_stale_addresses(request);
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("check links");
    if (is_parent_known(config)) require_parent(config.parent, config.mtu);
    request.step("rehearse");
    rehearse_on_parent(link_of(config));
}

}  // namespace cni::ipvlan
