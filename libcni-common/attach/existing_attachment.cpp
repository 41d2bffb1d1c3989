#include "attach/existing_attachment.h"

#include "attach/check.h"
#include "attach/forwarding.h"
#include "attach/host_link.h"
#include "attach/owners.h"
#include "attach/peer.h"
#include "cni/delegate.h"
#include "container/chained.h"
#include "rules/masquerading.h"

namespace cni {
namespace {

Result checked_result(const Request& request) {
    Ipam(request).check();
    request.step("check links");
    return request.conf.require_prev_result();
}

// Other programs, udev for one, may give a pair another MAC than it was made with, but not one that
// is known by its alias.
bool has_another_mac(const Interface& recorded, const Link& link, const Request& request) {
    if (has_recorded_mac(recorded, link)) return false;
    Link as_recorded = link;
    as_recorded.mac = Mac::parse(recorded.mac).value_or(Mac{});
    return is_host_link_of(request.conf.name, as_recorded);
}

Link require_interface(Container& container) {
    if (auto link = container.find_interface()) return *link;
    throw check_failure(
        cat("Container Interface name in prevResult: ", container.ifname, " not found"));
}

void require_mac(const Interface& recorded, const Link& link) {
    if (!has_recorded_mac(recorded, link))
        throw check_failure(cat("Interface ", link.name, " Mac ", recorded.mac,
                                " doesn't match container Mac: ", link.address_text()));
}

}  // namespace

ExistingAttachment::ExistingAttachment(const Request& its_request)
    : request(its_request),
      container(its_request.args),
      result(checked_result(its_request)),
      own(own_part(result, its_request.args)) {}

// An interface in a container may have any name, that of one on the host too.
const Interface& ExistingAttachment::recorded_on_host(const std::string& name) const {
    const Interface* elsewhere = nullptr;
    for (const Interface& interface : result.interfaces) {
        if (interface.name != name) continue;
        if (interface.sandbox.empty()) return interface;
        elsewhere = &interface;
    }
    if (elsewhere) throw check_failure(cat("Interface ", name, " should not be in sandbox"));
    throw check_failure(cat("Interface name ", name, " not found"), "prevResult does not list it");
}

Link ExistingAttachment::check_interface(std::string_view kind) {
    const Interface& recorded = recorded_interface(result, request.args);
    Link link = require_interface(container);
    if (link.kind_name() != kind)
        throw check_failure(cat("Error: Container interface ", link.name, " not of type ", kind));
    require_mac(recorded, link);
    return link;
}

Link ExistingAttachment::check_interface() {
    const Interface& recorded = recorded_interface(result, request.args);
    Link link = require_interface(container);
    require_mac(recorded, link);
    return link;
}

Link ExistingAttachment::check_host_end(const Link& interface) {
    const auto link = find_peer(host, container, interface);
    if (!link) throw check_failure(cat("the host's end of ", interface.name, " was not found"));
    const Interface& recorded = recorded_on_host(link->name);
    if (has_another_mac(recorded, *link, request))
        throw check_failure(
            cat("Interface ", link->name, " Mac doesn't match: ", recorded.mac, " not found"));
    check_up(*link);
    check_router_advertisements(*link);
    return *link;
}

void ExistingAttachment::check_up(const Link& link) const {
    if (!link.is_up()) throw check_failure(cat("Interface ", link.name, " is down"));
}

void ExistingAttachment::check_mtu(const Link& interface, std::uint32_t configured) const {
    const std::uint32_t recorded = recorded_interface(result, request.args).mtu;
    const std::uint32_t wanted = recorded != 0 ? recorded : configured;
    if (configured != 0 && interface.mtu != wanted)
        throw check_failure(cat("interface ", interface.name, " has an MTU of ", interface.mtu,
                                " bytes instead of ", wanted));
}

void ExistingAttachment::check_addressing(const Link& interface) {
    request.step("check addresses");
    check_addresses(container, interface, own);
    check_routes(container, interface, own);
}

void ExistingAttachment::check_masquerading(const std::optional<std::string>& backend,
                                            const Result& addresses) {
    cni::check_masquerading(nft(), backend, owner_of(request), addresses.addresses());
}

}  // namespace cni
