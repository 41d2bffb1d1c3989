#include "commands.h"

#include "attach/departure.h"
#include "attach/owners.h"
#include "backends.h"
#include "base/undo.h"
#include "base/warn.h"
#include "config.h"
#include "container/chained.h"
#include "door.h"
#include "rules/everywhere.h"
#include "sys/sysctl.h"

namespace cni::firewall {
namespace {

Result require_record(const Request& request) {
    return require_chained(request, "missing prevResult from earlier plugin");
}

// What stays on a bridge passes iptables only where br_netfilter has it do so.
void warn_if_not_isolated(Backend backend, const Passage& passage) {
    if (backend == Backend::nftables || passage.policy != Policy::isolated) return;
    for (const Family family : families_of(passage.addresses)) {
        const std::string key =
            cat("net/bridge/bridge-nf-call-", family == Family::v4 ? "iptables" : "ip6tables");
        if (find_sysctl(key) != "1")
            warn({"containers on ", passage.bridge,
                  " are not isolated from each other: that takes the module br_netfilter, and 1 in "
                  "/proc/sys/",
                  key});
    }
}

/// Of what ADD, or CHECK, is asked for.
Passage require_passage(Departure& departure, const Request& request, const Config& config,
                        const Result& result) {
    Passage passage = passage_of(config, result, owner_of(request));
    if (!passage.admission.empty()) passage.door = get_door(departure.host(), result);
    return passage;
}

bool is_needless(const Passage& passage) {
    return passage.addresses.empty() && passage.admission.empty();
}

// For STATUS what does not run is not available.
Place choose_available(nft::Connection& nft, const Config& config) {
    try {
        return choose_place(nft, config.backend);
    } catch (const Error& error) {
        if (error.code != Code::try_again_later) throw;
        throw Error(Code::plugin_not_available, error.msg, error.details);
    }
}

// Whether it has an address (of RFC 5737) it does not say without having the zone.
void require_zone(firewalld::Service& firewalld, const std::string& zone) {
    firewalld.has_source(zone, *Prefix::parse("192.0.2.1/32"));
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_record(request);
    Departure departure;
    Passage passage = require_passage(departure, request, config, result);
    if (is_needless(passage)) return result;

    nft::Connection& nft = departure.nft();
    Undo undo(request.steps);
    undo.on_failure("remove the rules", [&] { remove_passage(nft, passage.owner, {}); });
    request.step("add passage");
    Place place = choose_place(nft, config.backend);
    require_place(place, config.admission);
    if (place.firewalld) passage.zone = config.zone;
    add_passage(nft, place, passage);
    warn_if_not_isolated(place.rules, passage);
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Departure departure;
    Passage passage = require_passage(departure, request, config, require_record(request));
    if (is_needless(passage)) return;
    nft::Connection& nft = departure.nft();
    request.step("check passage");
    Place place = choose_place(nft, config.backend);
    require_place(place, config.admission);
    if (place.firewalld) passage.zone = config.zone;
    check_passage(nft, place, passage);
}

// Whatever ADD may have made is looked for, whatever the configuration says today.
void del(const Request& request) {
    request.step("remove passage");
    Departure departure;
    nft::Connection& nft = departure.nft();
    const auto record = request.conf.prev_result_if_readable();
    Trace trace = record ? trace_of(*record) : Trace{};
    trace.zone = zone_for_removal(request.conf);
    remove_passage(nft, owner_of(request), trace);
}

void gc(const Request& request) {
    const auto attachments = request.conf.valid_attachments();
    if (!attachments) return;
    request.step("remove stale passages");
    Departure departure;
    nft::Connection& nft = departure.nft();
    gc_passages(nft, request.conf.name, owners_of(request.conf.name, *attachments));
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    nft::Connection nft;
    Place place = choose_available(nft, config);
    require_place(place, config.admission);
    request.step("rehearse");
    if (place.firewalld) require_zone(*place.firewalld, config.zone);
    if (place.firewalld && config.policy == Policy::open && config.admission.empty()) return;
    require_usable(place.rules, "nothing can be let through", [&] {
        return passage_problem(nft, place.rules, config.admin_chain, config.policy,
                               config.admission);
    });
}

}  // namespace cni::firewall
