#include "static.h"

#include <algorithm>

#include "base/error.h"
#include "config.h"

namespace cni::static_ipam {
namespace {

bool satisfies(const IpConfig& actual, const IpConfig& wanted) {
    return actual.address == wanted.address &&
           (!wanted.gateway || actual.gateway == wanted.gateway);
}

// An interface plugin may have named the gateway that the configuration left to it.
bool satisfies(const Route& actual, const Route& wanted) {
    return actual.dst == wanted.dst && (!wanted.gw || actual.gw == wanted.gw);
}

template <typename T>
bool any_satisfies(const std::vector<T>& list, const T& wanted) {
    return std::ranges::any_of(list, [&](const T& actual) { return satisfies(actual, wanted); });
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    Config config = parse_config(request);
    Result result;
    result.ips = std::move(config.addresses);
    result.routes = std::move(config.routes);
    result.dns = std::move(config.dns);
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    const Result prev = request.conf.require_prev_result();
    request.step("check addresses");
    for (const IpConfig& ip : config.addresses)
        if (!any_satisfies(prev.ips, ip))
            throw Error(Code::internal,
                        cat("static: Failed to match addr ", ip.address.ip.to_string(),
                            " on interface ", request.args.ifname),
                        cat("prevResult does not have ", ip.address.to_string(),
                            ip.gateway ? cat(" via ", ip.gateway->to_string()) : ""));
    for (const Route& route : config.routes)
        if (!any_satisfies(prev.routes, route))
            throw Error(Code::internal,
                        cat("static: Failed to match route ", route.dst.to_string()),
                        "prevResult does not have it");
}

void status(const Request& request) {
    request.step("prepare");
    parse_config(request);
}

}  // namespace cni::static_ipam
