#include "host_local.h"

#include <algorithm>

#include "allocator.h"
#include "base/file.h"
#include "base/undo.h"
#include "range_sets.h"
#include "resolv_conf.h"

namespace cni::host_local {
namespace {

void require_in_result(const std::vector<Lease>& leases, const Result& result,
                       const LeaseDir& dir) {
    for (const Lease& lease : leases) {
        const bool found = std::ranges::any_of(
            result.ips, [&](const IpConfig& ip) { return ip.address.ip == lease.ip; });
        if (!found)
            throw Error(Code::internal,
                        cat("host-local: address ", lease.ip.to_string(),
                            " of the container is not in prevResult"),
                        cat("lease file ", dir.path_of(lease.ip.to_string())));
    }
}

Error not_available(std::string msg, std::string details) {
    return Error(Code::plugin_not_available, std::move(msg), std::move(details));
}

void require_writable(const Location& location) {
    if (const auto obstacle = obstacle_to_filling(location.path()))
        throw not_available(cat("lease directory is not writable: ", errno_text(obstacle->error)),
                            obstacle->path);
}

std::optional<LeaseDir> find_for_status(const Location& location) {
    try {
        return LeaseDir::find(location);
    } catch (const Error& error) {
        throw not_available(error.msg, error.details);
    }
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    Result result;
    result.routes = config.routes;
    result.dns = read_resolv_conf(config.resolv_conf);
    request.step("lock leases");
    LeaseStore store(LeaseDir::make(config.location));
    request.step("allocate addresses");
    result.ips = allocate(store, config, request.attachment());
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    const auto prev_result = request.conf.prev_result();
    if (auto dir = LeaseDir::find(config.location)) {
        request.step("lock leases");
        LeaseStore store(*std::move(dir));
        request.step("check addresses");
        const auto leases = store.held_by(request.attachment());
        if (prev_result) require_in_result(leases, *prev_result, store.dir());
        if (!leases.empty()) return;
    }
    throw Error(
        Code::internal,
        cat("host-local: Failed to find address added by container ", request.args.container_id),
        cat("no lease of ", request.args.container_id, " ", request.args.ifname, " in ",
            config.location.path()));
}

void del(const Request& request) {
    request.step("lock leases");
    auto dir = LeaseDir::find(Location::parse(request.conf));
    // A full disk may have stopped the first ADD before the lock was made.
    if (!dir || dir->is_unused()) return;
    LeaseStore store(*std::move(dir));
    request.step("release addresses");
    Failures failures;
    for (const Lease& lease : store.held_by(request.attachment()))
        failures.attempt([&] { store.release(lease); });
    failures.throw_if_any();
}

void gc(const Request& request) {
    const auto attachments = request.conf.valid_attachments();
    auto dir = LeaseDir::find(Location::parse(request.conf));
    if (!attachments || !dir || dir->is_unused()) return;
    request.step("lock leases");
    LeaseStore store(*std::move(dir));
    request.step("release stale addresses");
    store.retain(*attachments);
}

// Looks without the lock first: only the exhausted need a closer look, and nothing is made.
void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    try {
        read_resolv_conf(config.resolv_conf);
    } catch (const Error& error) {
        throw not_available(error.msg, "key \"ipam.resolvConf\"");
    }
    request.step("check leases");
    require_writable(config.location);
    auto dir = find_for_status(config.location);
    if (!dir || !find_exhausted(config.sets, dir->addresses())) return;
    // Some may be dead.
    LeaseStore store(*std::move(dir));
    if (const RangeSet* set = find_exhausted(config.sets, store.taken()))
        throw not_available(exhausted(*set), explain_exhaustion(store));
}

}  // namespace cni::host_local
