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

void require_place(Backend backend, const Admission& admission) {
    if (backend != Backend::nftables && !admission.empty())
        throw Error(Code::invalid_config,
                    cat(quote(admission.key()),
                        " needs the backend \"nftables\", and this host uses ", to_string(backend)),
                    "\"backend\": \"nftables\" chooses it; then the host's own rules must let "
                    "containers through");
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

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_record(request);
    Departure departure;
    const Passage passage = require_passage(departure, request, config, result);
    if (is_needless(passage)) return result;

    nft::Connection& nft = departure.nft();
    Undo undo(request.steps);
    undo.on_failure("remove the rules", [&] { remove_passage(nft, passage.owner, {}); });
    request.step("add passage");
    const Backend backend = choose_backend(nft, config.backend);
    require_place(backend, config.admission);
    add_passage(nft, backend, passage);
    warn_if_not_isolated(backend, passage);
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Departure departure;
    const Passage passage = require_passage(departure, request, config, require_record(request));
    if (is_needless(passage)) return;
    nft::Connection& nft = departure.nft();
    request.step("check passage");
    const Backend backend = choose_backend(nft, config.backend);
    require_place(backend, config.admission);
    check_passage(nft, backend, passage);
}

// Whatever ADD may have made is looked for, whatever the configuration says today.
void del(const Request& request) {
    request.step("remove passage");
    Departure departure;
    nft::Connection& nft = departure.nft();
    const auto record = request.conf.prev_result_if_readable();
    remove_passage(nft, owner_of(request), record ? trace_of(*record) : Trace{});
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
    const Backend backend = choose_backend(nft, config.backend);
    require_place(backend, config.admission);
    request.step("rehearse");
    require_usable(backend, "nothing can be let through", [&] {
        return passage_problem(nft, backend, config.admin_chain, config.policy, config.admission);
    });
}

}  // namespace cni::firewall
