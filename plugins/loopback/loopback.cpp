// loopback: brings up lo in the container.
#include "commands.h"

#include "base/undo.h"
#include "config.h"
#include "container/container.h"
#include "netlink/address.h"

namespace cni::loopback {
namespace {

constexpr const char* lo = "lo";

bool is_loopback(const Ip& ip) {
    if (ip.is_v4()) return ip.data()[0] == 127;
    return ip == Ip::parse("::1");
}

void require_loopback_addresses(Rtnl& rtnl, const Link& link) {
    for (const Family family : both_families)
        for (const Address& address : addresses(rtnl, link, family))
            if (!is_loopback(address.prefix.ip))
                throw Error(Code::internal,
                            cat("loopback interface found with non-loopback address ",
                                quote(address.prefix.ip.to_string())));
}

Result describe(Rtnl& rtnl, const Link& link, const std::string& netns) {
    Result result;
    Interface interface;
    interface.name = lo;
    interface.mac = link.mac.to_string();
    interface.sandbox = netns;
    result.interfaces.push_back(interface);
    for (const Family family : both_families) {
        const auto found = addresses(rtnl, link, family);
        if (!found.empty())
            result.ips.push_back({.address = found.front().prefix, .gateway = {}, .interface = 0});
    }
    return result;
}

Result add(const Request& request) {
    request.step("prepare");
    const auto prev_result = request.conf.prev_result();
    Container container(request.args);
    Rtnl& rtnl = container.rtnl;
    const Link link = rtnl.get(lo);
    request.step("check addresses");
    // Before the link comes up: setting it down again would take its IPv6 addresses away.
    require_loopback_addresses(rtnl, link);
    request.step("bring up");
    Undo undo(request.steps);
    if (!link.is_up())
        undo.on_failure("set lo down", [&rtnl, link] { rtnl.apply(set_down(link)); });
    rtnl.apply(set_up(link));
    request.step("describe");
    Result result = prev_result ? *prev_result : describe(rtnl, link, request.args.netns);
    undo.commit();
    return result;
}

// In there lo may have been renamed.
void bring_down(Rtnl& rtnl) {
    if (const auto link = rtnl.find(lo)) rtnl.apply(set_down(*link));
}

// It goes with its namespace: that this cannot be entered keeps no container from being deleted.
void del(const Request& request) {
    request.step("bring down");
    warn_if_refused([&] {
        if (const auto container = Container::find(request.args)) bring_down(container->rtnl);
    });
}

void check(const Request& request) {
    request.step("check links");
    Container container(request.args);
    if (!container.rtnl.get(lo).is_up()) throw Error(Code::internal, "loopback interface is down");
}

}  // namespace

constinit const Plugin plugin{
    .name = "loopback", .about = about, .add = add, .check = check, .del = del};

}  // namespace cni::loopback
