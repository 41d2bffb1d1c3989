#include "plugin.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <functional>

#include "attach/configure.h"
#include "base/undo.h"
#include "base/warn.h"
#include "client.h"
#include "cni/version.h"
#include "config.h"
#include "sys/netns.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// For a lease a little longer than the daemon tries by default.
constexpr seconds patience_for_lease{240}, usual_patience{30};

// Of DEL and GC, with a configuration that no ADD would take.
std::string any_socket_path(const NetConf& conf) {
    try {
        return parse_socket_path(conf);
    } catch (const Error&) {
        return default_socket_path;
    }
}

Result ask(std::string_view method, const Request& request, seconds limit = usual_patience) {
    request.step("ask daemon");
    return DaemonConnection(any_socket_path(request.conf)).call(method, request, limit);
}

// Of DEL and GC: who keeps no leases has none to give back. An address that the server does not get
// back is free when its time is over, and no reason to keep a container.
void ask_if_there(std::string_view method, const Request& request) {
    try {
        ask(method, request);
    } catch (const NoDaemon& error) {
        warn({"dhcp: ", error.what(), ": the lease ends when its time is over"});
    }
}

bool is_unknown_method(const Error& error) {
    return error.msg.find("rpc: can't find method") != error.msg.npos;
}

// The daemon may have a lease for us that we were not told of.
void release_quietly(const Request& request) {
    try {
        ask_if_there(method::release, request);
    } catch (const Error& error) {
        warn({"dhcp: undo: ", error.what()});
    }
}

Result allocate(const Request& request) {
    try {
        return ask(method::allocate, request, patience_for_lease);
    } catch (const NoDaemon&) {
        throw;
    } catch (const Refusal&) {
        throw;
    } catch (...) {
        release_quietly(request);
        throw;
    }
}

// A daemon that has no such method, the reference's, tells the lease it has, or gets one.
Result ask_for_lease(const Request& request) {
    try {
        return ask(method::check, request);
    } catch (const Refusal& error) {
        if (!is_unknown_method(error)) throw;
        return ask(method::allocate, request, patience_for_lease);
    }
}

// The reference's daemon knows one family, and does not look for the key.
void require_families(const Result& result, const Config& config) {
    for (const Family family : families_of(config.leases))
        if (!has_family(result, family))
            throw Error(Code::internal,
                        cat("the DHCP daemon has no lease of ",
                            family == Family::v4 ? "IPv4" : "IPv6", " to tell"),
                        cat("\"ipam.family\" is ", quote(name_of(config.leases)),
                            ": is it the daemon of another project or release?"));
}

bool has_address(const Result& result, const Prefix& address) {
    return std::ranges::any_of(result.ips,
                               [&](const IpConfig& ip) { return ip.address == address; });
}

// Results before 1.1.0 have no scope: there the reference says by this gateway that a route is on
// the link.
void name_gateways(Result& result, const std::string& version) {
    if (at_least(version, "1.1.0")) return;
    for (Route& route : result.routes) {
        if (route.gw || route.scope != RT_SCOPE_LINK) continue;
        route.gw = Ip::any(Family::v4);
        route.scope.reset();
    }
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf, request.args.cni_args);
    Netns::open(request.args.netns);
    Result result = allocate(request);
    require_families(result, config);
    for (Route& route : result.routes)
        if (route.priority == 0) route.priority = config.priority;
    name_gateways(result, request.conf.cni_version);
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    parse_config(request.conf, request.args.cni_args);
    const Result lease = ask_for_lease(request);
    const auto prev_result = request.conf.prev_result();
    if (!prev_result) return;
    for (const IpConfig& ip : lease.ips)
        if (!has_address(*prev_result, ip.address))
            throw Error(
                Code::internal,
                cat("dhcp: address ", ip.address.to_string(), " of the lease is not in prevResult"),
                "the server has given another address since the container was added");
}

void del(const Request& request) {
    ask_if_there(method::release, request);
}

void gc(const Request& request) {
    if (!request.conf.valid_attachments()) return;
    try {
        ask_if_there(method::collect, request);
    } catch (const Refusal& error) {
        if (!is_unknown_method(error)) throw;
    }
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    request.step("ask daemon");
    try {
        DaemonConnection(config.socket_path).greet();
    } catch (const Error& error) {
        throw Error(Code::plugin_not_available, error.msg, error.details);
    }
}

}  // namespace cni::dhcp
