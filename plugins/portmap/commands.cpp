#include "commands.h"

#include "attach/departure.h"
#include "attach/owners.h"
#include "backends.h"
#include "base/undo.h"
#include "config.h"
#include "container/chained.h"
#include "flows.h"
#include "route_localnet.h"

namespace cni::portmap {
namespace {

std::vector<Ip> addresses_of(const std::optional<Result>& result) {
    std::vector<Ip> out;
    if (result)
        for (const IpConfig& ip : result->ips) out.push_back(ip.address.ip);
    return out;
}

Translations translations_of(const std::vector<Forwarding>& forwardings) {
    Translations out;
    for (const Forwarding& forwarding : forwardings) append(out, forwarding.translations());
    return out;
}

/// What is forwarded of IPv4; null when nothing is.
const Forwarding* find_v4(const std::vector<Forwarding>& forwardings) {
    for (const Forwarding& forwarding : forwardings)
        if (forwarding.family() == Family::v4 && !forwarding.empty()) return &forwarding;
    return nullptr;
}

/// The interface that needs route_localnet.
std::optional<HostSide> find_side(Rtnl& host, const Request& request, const Result& result,
                                  const Forwarding& v4) {
    return v4.snat ? find_host_side(host, request, result, v4.container.ip) : std::nullopt;
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_chained(request);
    const auto wanted = forwardings(config, result, owner_of(request));
    const auto forwarded = translations_of(wanted);
    if (forwarded.empty()) return result;

    Departure departure;
    Rtnl& host = departure.host();
    nft::Connection& nft = departure.nft();
    Undo undo(request.steps);
    undo.on_failure("remove the port mappings", [&nft, &request] {
        remove_mappings(nft, owner_of(request), addresses_of(request.conf.prev_result()));
    });
    request.step("add port mappings");
    const Backend backend = choose_backend(nft, config.backend);
    const Forwarding* v4 = find_v4(wanted);
    const auto side = v4 ? find_side(host, request, result, *v4) : std::nullopt;
    undo.on_failure("release the host's 127.0.0.0/8",
                    [&nft, &request] { release_localnet(nft, owner_of(request)); });
    const bool is_guarded = v4 && guard_localnet(nft, backend, *v4, side);
    const auto ahead = add_mappings(nft, backend, wanted);
    request.step("forget flows");
    forget_flows_elsewhere(host, nft, forwarded, ahead);
    request.step("enable route_localnet");
    if (is_guarded && side) enable_route_localnet(*side);
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const Result result = request.conf.require_prev_result();
    const auto wanted = forwardings(config, result, owner_of(request));
    if (translations_of(wanted).empty()) return;
    Departure departure;
    Rtnl& host = departure.host();
    nft::Connection& nft = departure.nft();
    request.step("check port mappings");
    const Backend backend = choose_backend(nft, config.backend);
    check_mappings(nft, backend, wanted);
    request.step("check route_localnet");
    if (const Forwarding* v4 = find_v4(wanted))
        check_localnet(nft, backend, *v4, find_side(host, request, result, *v4));
}

// Whatever ADD may have made is looked for, whatever the configuration says today.
void del(const Request& request) {
    request.step("remove port mappings");
    Departure departure;
    nft::Connection& nft = departure.nft();
    const auto result = request.conf.prev_result_if_readable();
    Failures failures;
    failures.attempt([&] { remove_mappings(nft, owner_of(request), addresses_of(result)); });
    failures.attempt([&] { release_localnet(nft, owner_of(request)); });
    failures.throw_if_any();
}

void gc(const Request& request) {
    const auto attachments = request.conf.valid_attachments();
    if (!attachments) return;
    request.step("remove stale port mappings");
    Departure departure;
    nft::Connection& nft = departure.nft();
    const auto valid = owners_of(request.conf.name, *attachments);
    Failures failures;
    failures.attempt([&] { gc_mappings(nft, request.conf.name, valid); });
    failures.attempt([&] { gc_localnet(nft, request.conf.name, valid); });
    failures.throw_if_any();
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    nft::Connection nft;
    const Backend backend = choose_backend(nft, config.backend);
    request.step("rehearse");
    require_usable(backend, "ports cannot be mapped",
                   [&] { return mapping_problem(nft, backend); });
}

}  // namespace cni::portmap
