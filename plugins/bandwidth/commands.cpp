#include "commands.h"

#include "attach/peer.h"
#include "attach/rehearse.h"
#include "base/undo.h"
#include "config.h"
#include "container/chained.h"
#include "detour.h"
#include "limits.h"

namespace cni::bandwidth {
namespace {

Link get_host_end(Rtnl& host, const Request& request, const Result& result) {
    if (auto end = find_host_end(host, request, result)) return *end;
    throw no_host_end(request.args.ifname);
}

Interface describe(const Link& link) {
    Interface interface;
    interface.name = link.name;
    interface.mac = link.mac.to_string();
    return interface;
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_chained(request);
    if (!config.limits_anything()) return result;
    Departure departure;
    const Link end = get_host_end(departure.host(), request, result);
    request.step("remove limits");
    remove_limits(departure, request, end);

    Undo undo(request.steps);
    undo.on_failure("remove the limits", [&] { remove_limits(departure, request, end); });
    request.step("add limits");
    if (const auto detour = add_limits(departure.host(), request, config, end))
        result.interfaces.push_back(describe(*detour));
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const Result result = request.conf.require_prev_result();
    if (!config.limits_anything()) return;
    Rtnl host;
    const Link end = get_host_end(host, request, result);
    request.step("check limits");
    check_limits(host, request, config, end);
}

// Whatever ADD may have made is looked for, whatever the configuration says today.
void del(const Request& request) {
    request.step("remove limits");
    Departure departure;
    const auto record = request.conf.prev_result_if_readable();
    remove_limits(departure, request, find_known_host_end(departure.host(), request, record));
}

// The rest goes with the hosts' ends.
void gc(const Request& request) {
    const auto valid = request.conf.valid_attachments();
    if (!valid) return;
    request.step("remove stale links");
    Departure departure;
    departure.remove(find_stale_detours(departure.host(), request.conf.name, *valid));
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    if (!config.limits_anything()) return;
    request.step("rehearse");
    rehearse([&](Rtnl& scratch) {
        const Link end =
            scratch.make_link({.name = "veth0", .kind = Veth{.peer = {.name = "veth1"}}});
        add_limits(scratch, request, config, end);
    });
}

}  // namespace cni::bandwidth
