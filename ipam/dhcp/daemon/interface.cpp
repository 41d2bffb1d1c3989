#include "interface.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "attach/configure.h"
#include "base/contains.h"
#include "log.h"
#include "netlink/address.h"
#include "netlink/route.h"
#include "others_routes.h"

namespace cni::dhcp {
namespace {

// RFC 8200, 5: below it the kernel has no IPv6.
constexpr std::uint32_t min_ipv6_mtu = 1280;

std::vector<Route> completed_routes(const Result& result) {
    std::vector<Route> routes;
    for (const Route& route : result.routes) routes.push_back(completed_route(route, result));
    return routes;
}

}  // namespace

Interface Interface::open(const std::string& netns, const std::string& ifname) {
    auto container = std::make_unique<Container>(Netns::open(netns), ifname);
    Link link = container->get_interface();
    return {std::move(container), std::move(link)};
}

std::optional<Interface> Interface::find(const std::string& netns, const Place& place) {
    auto opened = Netns::find(netns);
    if (!opened) return {};
    auto container = std::make_unique<Container>(std::move(*opened), "");
    if (!place.is_in(place_of(*container, 0))) return {};
    auto link = container->rtnl.find(place.ifindex);
    if (!link) return {};
    return Interface(std::move(container), std::move(*link));
}

void Interface::allow_ipv6() {
    container_->run([&] {
        cni::allow_ipv6(link_);
        if (!link_.is_up()) set_dad(link_.name, Dad::off);
    });
}

// Asking for a link makes the kernel take notice of its carrier; until then, for up to a second,
// the link drops what is sent.
void Interface::bring_up() {
    if (!link_.is_up()) container_->rtnl.apply(set_up(link_), get_link(link_.name));
}

bool Interface::is_told_to_do_without_dhcp6() {
    // Of IFLA_INET6_FLAGS: include/net/if_inet6.h of the kernel has them for itself, but tells
    // them.
    constexpr std::uint32_t heard_router = 0x20, managed = 0x40;
    NlMessage query(RTM_GETLINK, 0);
    ifinfomsg header{};
    header.ifi_index = link_.index;
    query.header(header);
    std::uint32_t flags = 0;
    container_->rtnl.request({std::move(query), cat("ask what routers tell ", link_.name)},
                             [&flags](const nlmsghdr* message) {
                                 const NlAttributes<IFLA_MAX> link(message, sizeof(ifinfomsg));
                                 const NlAttributes<AF_INET6> families(link[IFLA_AF_SPEC]);
                                 const NlAttributes<IFLA_INET6_MAX> inet6(families[AF_INET6]);
                                 flags = inet6.get_or<std::uint32_t>(IFLA_INET6_FLAGS, 0);
                             });
    return (flags & heard_router) != 0 && (flags & managed) == 0;
}

void Interface::lower_mtu(int mtu) {
    const auto wanted = static_cast<std::uint32_t>(mtu);
    if (wanted >= link_.mtu) return;
    if (wanted < min_ipv6_mtu && !addresses(container_->rtnl, link_, Family::v6).empty())
        return log(link_.name, cat("the MTU stays: IPv6 has none of ", mtu, " bytes"));
    container_->rtnl.apply(set_mtu(link_, wanted));
}

bool Interface::has_address(const Ip& address) {
    return std::ranges::any_of(addresses(container_->rtnl, link_, address.family()),
                               [&](const Address& a) { return a.prefix.ip == address; });
}

bool Interface::has_all(const std::vector<Prefix>& addresses) {
    return std::ranges::all_of(addresses,
                               [this](const Prefix& each) { return has_address(each.ip); });
}

bool Interface::has_any_ipv4(const Result& result) {
    return std::ranges::any_of(result.addresses(), [&](const Prefix& address) {
        return address.ip.is_v4() && has_address(address.ip);
    });
}

void Interface::replace(const Result& old, const Result& now) {
    if (old.addresses() == now.addresses())
        replace_routes(old, now);
    else
        replace_address(old, now);
}

void Interface::replace_routes(const Result& old, const Result& now) {
    std::vector<NlRequest> requests;
    const auto before = completed_routes(old), after = completed_routes(now);
    const Ways ways_before(before), ways_after(after);
    for (const Route& route : before)
        if (!ways_after.has(route)) requests.push_back(remove_route(link_, route));
    for (const Route& route : after)
        if (!ways_before.has(route)) requests.push_back(ensure_route(link_, route));
    container_->rtnl.transact(requests);
}

// The old address goes first, since the kernel removes younger ones of its subnet with it; all
// routes of IPv4 go with the last address.
void Interface::replace_address(const Result& old, const Result& now) {
    std::optional<OthersRoutes> others;
    if (has_any_ipv4(old)) others.emplace(*container_, link_, completed_routes(old));
    std::vector<NlRequest> requests;
    for (const Prefix& address : old.addresses())
        requests.push_back(remove_address(link_, address));
    for (const Prefix& address : now.addresses())
        requests.push_back(ensure_address(link_, address, Dad::off));
    for (const Route& route : completed_routes(now)) requests.push_back(ensure_route(link_, route));
    container_->rtnl.transact(requests);
    if (others) others->put_back();
    container_->rtnl.apply(announce(link_));
}

void Interface::remove(const std::vector<Prefix>& addresses) {
    for (const Prefix& address : addresses) container_->rtnl.apply(remove_address(link_, address));
}

}  // namespace cni::dhcp
