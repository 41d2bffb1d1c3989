#include "move.h"

#include <algorithm>

#include "base/undo.h"
#include "base/warn.h"
#include "identity.h"

namespace cni::host_device {
namespace {

NlRequest tolerate(NlRequest request, int error) {
    request.tolerated = error;
    return request;
}

std::string by_hand(const Container& container, const Link& link, std::string_view name) {
    return cat("ip -n ", container.netns.path(), " link set ", link.name, " netns 1 name ", name);
}

// On the host nobody is to see it under the name that it has in the container, so it is renamed in
// there. Where the container has another link of that name, the kernel renames it on arrival.
void request_move(Container& container, const Link& link, const std::string& name) {
    const Netns host = Netns::current();
    NlRequest move = move_link(link, host, name);
    move.act = cat("failed to move ", quote(name), " to hostNS");
    std::vector<NlRequest> requests;
    if (link.is_up()) requests.push_back(set_down(link));
    if (link.name != name) requests.push_back(tolerate(rename_link(link, name), EEXIST));
    requests.push_back(std::move(move));
    container.rtnl.transact(requests);
}

void undo_request(Container& container, const Link& link) {
    const auto now = container.rtnl.find(link.index);
    if (!now) return;
    std::vector<NlRequest> requests;
    if (now->name != link.name) requests.push_back(rename_link(*now, link.name));
    if (link.is_up()) requests.push_back(set_up(link));
    container.rtnl.transact(requests);
}

void require_free(Rtnl& host, const std::string& name) {
    if (host.find(name))
        throw SysError(cat("failed to move ", quote(name), " to hostNS"), EEXIST,
                       cat("the host has another interface ", name,
                           " now: rename or remove that one, and DEL again"));
}

// A container may give it any, and the kernel moves none that the host has already.
void remove_names_in_use(Rtnl& host, Container& container, const Link& link) {
    std::vector<NlRequest> requests;
    for (const std::string& name : link.alternative_names)
        if (host.find(name)) requests.push_back(remove_alternative_name(link, name));
    container.rtnl.transact(requests);
}

void move_out(Rtnl& host, Container& container, const Link& link, const std::string& name) {
    require_free(host, name);
    remove_names_in_use(host, container, link);
    Undo undo;
    undo.on_failure(cat("put ", link.name, " back"), [&] { undo_request(container, link); });
    request_move(container, link, name);
    undo.commit();
}

// What a driver refuses is no reason to keep a container.
void restore(Rtnl& host, const Link& link, const Link& device) {
    std::vector<NlRequest> requests;
    if (link.name != device.name) requests.push_back(rename_link(link, device.name));
    if (device.mtu != 0 && link.mtu != device.mtu) requests.push_back(set_mtu(link, device.mtu));
    if (!device.address.bytes.empty() && link.address != device.address)
        requests.push_back(set_address(link, device.address));
    requests.push_back(set_alias(link, device.alias));
    if (device.is_up() && !link.is_up()) requests.push_back(set_up(link));
    warn_if_refused([&] { host.transact(requests); });
}

template <typename Predicate>
std::optional<Link> find_where(Rtnl& rtnl, Predicate is_wanted) {
    for (Link& link : rtnl.links())
        if (is_wanted(link)) return {std::move(link)};
    return {};
}

std::optional<Link> find_lent(Rtnl& host, Container& container, const Loan& loan) {
    const auto is_it = [&](const Link& link) { return is_lent(host, container, link, loan); };
    if (auto link = container.rtnl.find(loan.place.ifindex); link && is_it(*link)) return link;
    if (auto link = container.find_interface(); link && is_it(*link)) return link;
    return find_where(container.rtnl, is_it);
}

// The kernel returns hardware when a namespace dies, under the name it had there or as dev<index>:
// default_device_exit_net(), net/core/dev.c. A device that this plugin has moved may not have been
// put right yet.
std::optional<Link> find_returned(Rtnl& host, const Loan& loan) {
    auto found =
        host.find_all({loan.device.name, loan.attachment.ifname, cat("dev", loan.place.ifindex)});
    if (auto link = host.find(loan.place.ifindex)) found.push_back(std::move(*link));
    const auto it =
        std::ranges::find_if(found, [&](const Link& link) { return is_returned(link, loan); });
    return it == found.end() ? std::nullopt : std::optional(*it);
}

Error unproved(const Container& container, const Link& link) {
    return Error(Code::internal,
                 cat("failed to move ", quote(link.name), " to hostNS: nothing proves that it is ",
                     quote(link.alias), " of the host"),
                 cat("it is one that the container may have made: delete it, or, if it is the "
                     "host's, take it back by hand: ",
                     by_hand(container, link, link.alias), "; and DEL again"));
}

Error nameless(const Container& container, const Link& link) {
    return Error(
        Code::internal,
        cat("failed to find original ifname for ", quote(link.name), " (alias is not set)"),
        cat("take it back by hand, under the name it had: ", by_hand(container, link, "NAME"),
            "; and DEL again"));
}

// Nothing is the device: whoever says that he is, is refused, and others are left alone.
void refuse_claim(Container& container, const Loan& loan) {
    const auto link = container.find_interface();
    if (!link) return;
    if (link->alias == loan.device.name) throw unproved(container, *link);
    warn(
        {"interface ", link->name, " is not ", loan.device.name, " of the host: it is left alone"});
}

std::optional<Link> find_by_alias(Container& container, const std::optional<Config>& config) {
    auto link = container.find_interface();
    if (link && !link->alias.empty()) return link;
    if (link && link->kind_name().empty()) throw nameless(container, *link);
    if (link) warn({"interface ", link->name, " is not of the host: it is left alone"});
    if (!config || config->device.empty()) return {};
    return find_where(container.rtnl,
                      [&](const Link& each) { return each.alias == config->device; });
}

}  // namespace

Link lend(Rtnl& host, Container& container, const Link& device) {
    NlRequest move = move_link(device, container.netns, container.ifname);
    move.act = cat("failed to move ", quote(container.ifname), " (host: ", quote(device.name),
                   ") to container NS");
    host.apply(set_alias(device, device.name), std::move(move));
    return container.get_interface();
}

void take_back(Rtnl& host, Container* container, const Loan& loan) {
    const Link& device = loan.device;
    if (const auto link = container ? find_lent(host, *container, loan) : std::nullopt) {
        move_out(host, *container, *link, device.name);
        return restore(host, host.get(device.name), device);
    }
    if (const auto link = find_returned(host, loan)) return restore(host, *link, device);
    if (container) refuse_claim(*container, loan);
}

void take_back_by_alias(Rtnl& host, Container& container, const std::optional<Config>& config) {
    const auto link = find_by_alias(container, config);
    if (!link) return;
    if (!is_of_host(host, container, *link, config)) throw unproved(container, *link);
    Link device = *link;
    device.name = std::exchange(device.alias, "");
    device.flags = 0;
    move_out(host, container, *link, device.name);
    restore(host, host.get(device.name), device);
}

}  // namespace cni::host_device
