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

Released released_by(const NetConf& conf) {
    return has_cooldown(conf) ? Released::rests : Released::is_forgotten;
}

std::optional<LeaseDir> find_for_status(const Location& location) {
    try {
        return LeaseDir::find(location);
    } catch (const Error& error) {
        throw not_available(error.msg, error.details);
    }
}

std::int64_t soonest_of(const std::vector<Memory::Rest>& resting, const RangeSet& set) {
    std::int64_t soonest = longest_cooldown;
    for (const Memory::Rest& rest : resting)
        if (set.find(rest.ip)) soonest = std::min(soonest, rest.left);
    return soonest;
}

void require_addresses(LeaseStore& store, const Config& config) {
    std::vector<Ip> taken = store.taken();
    if (const RangeSet* set = find_exhausted(config, taken))
        throw not_available(exhausted(*set), explain_exhaustion(store, config.policy));
    const auto resting =
        store.with_memory([&](Memory& memory) { return memory.resting(config.policy.cooldown); });
    for (const Memory::Rest& rest : resting) taken.push_back(rest.ip);
    if (const RangeSet* set = find_exhausted(config, taken))
        throw not_available(exhausted(*set),
                            explain_rest(config.policy, soonest_of(resting, *set)));
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    Result result;
    result.routes = config.routes;
    result.dns = read_resolv_conf(config.resolv_conf);
    request.step("lock leases");
    LeaseStore store(LeaseDir::make(config.location), released_by(request.conf));
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
        LeaseStore store(*std::move(dir), released_by(request.conf));
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
    LeaseStore store(*std::move(dir), released_by(request.conf));
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
    LeaseStore store(*std::move(dir), released_by(request.conf));
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
    const bool is_short = find_exhausted(config, dir ? dir->addresses() : std::vector<Ip>{});
    if (!is_short && (!dir || config.policy.cooldown == 0)) return;
    if (!dir) throw not_available(exhausted(*find_exhausted(config, {})), withheld_by_policy);
    // Some may be dead, and others rest.
    LeaseStore store(*std::move(dir), released_by(request.conf));
    require_addresses(store, config);
}

}  // namespace cni::host_local
