// loopback: brings up lo in the container.
#include "cni/plugin.h"
#include "netlink/address.h"
#include "netlink/link.h"

namespace cni::loopback {
namespace {

constexpr const char* lo = "lo";

bool is_loopback(const Ip& ip) {
    if (ip.is_v4()) return ip.data()[0] == 127;
    return ip == Ip::parse("::1");
}

// The first address of the family; all of them must be loopback addresses.
std::optional<IpConfig> address_of(Rtnl& rtnl, const Link& link, Family family) {
    const auto found = addresses(rtnl, link, family);
    for (const Address& address : found)
        if (!is_loopback(address.prefix.ip))
            throw Error(Code::internal, cat("loopback interface found with non-loopback address ",
                                            quote(address.prefix.ip.to_string())));
    if (found.empty()) return {};
    return IpConfig{.address = found.front().prefix, .gateway = {}, .interface = 0};
}

Result describe(Rtnl& rtnl, const Link& link, const std::string& netns) {
    Result result;
    Interface interface;
    interface.name = lo;
    interface.mac = link.mac.to_string();
    interface.sandbox = netns;
    result.interfaces.push_back(interface);
    for (const Family family : {Family::v4, Family::v6})
        if (const auto ip = address_of(rtnl, link, family)) result.ips.push_back(*ip);
    return result;
}

Result add(const Request& request) {
    const auto prev_result = request.conf.prev_result();
    Rtnl rtnl = Rtnl::in(Netns::open(request.args.netns));
    const Link link = rtnl.get(lo);
    rtnl.apply(set_up(link));
    const Result own = describe(rtnl, link, request.args.netns);
    return prev_result ? *prev_result : own;
}

void del(const Request& request) {
    const auto netns = Netns::find(request.args.netns);
    if (!netns) return;
    Rtnl rtnl = Rtnl::in(*netns);
    rtnl.apply(set_down(rtnl.get(lo)));
}

void check(const Request& request) {
    Rtnl rtnl = Rtnl::in(Netns::open(request.args.netns));
    if (!rtnl.get(lo).is_up()) throw Error(Code::internal, "loopback interface is down");
}

}  // namespace
}  // namespace cni::loopback

int main() {
    return cni::run({.name = "loopback",
                     .add = cni::loopback::add,
                     .check = cni::loopback::check,
                     .del = cni::loopback::del});
}
