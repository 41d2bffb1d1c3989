#include "commands.h"

#include "attach/departure.h"
#include "base/undo.h"
#include "config.h"
#include "container/chained.h"
#include "container/netns_lock.h"
#include "device.h"
#include "move.h"

namespace cni::vrf {
namespace {

Error failure(std::string msg) {
    return Error(Code::internal, std::move(msg), "DEL and a new ADD make it right");
}

void require_free(Rtnl& rtnl, const Link& port, const std::string& vrf) {
    const auto master = rtnl.find(port.master);
    if (!master || (master->is<Vrf>() && master->name == vrf)) return;
    throw Error(Code::internal,
                cat("interface ", port.name, " has already a master set: ", master->name));
}

/// The VRF that an interface is in, or may have been on its way to.
std::optional<Link> find_vrf_of(Container& container, const Link& port, const NetConf& conf) {
    const auto master = container.rtnl.find(port.master);
    if (master) return master->is<Vrf>() ? master : std::nullopt;
    try {
        return find_vrf(container.rtnl, parse_config(conf).name);
    } catch (const SysError&) {
        throw;
    } catch (const Error&) {
        return {};  // whatever the configuration says today
    }
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_chained(request);
    Container container(request.args);
    const Link port = container.get_interface();
    require_free(container.rtnl, port, config.name);

    const NetnsLock lock(container.netns);
    Undo undo(request.steps);
    request.step("make VRF");
    const Link vrf = ensure_vrf(undo, container, config, port);
    undo.on_failure("take the interface out of the VRF", [&container, name = vrf.name] {
        leave(container, container.get_interface(), container.rtnl.get(name));
    });
    request.step("enter VRF");
    enter(container, port, vrf);
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    request.conf.require_prev_result();
    Container container(request.args);
    request.step("check links");
    const auto vrf = find_vrf(container.rtnl, config.name);
    if (!vrf) throw failure(cat("VRF ", config.name, ": Link not found"));
    if (config.table != 0 && vrf->as<Vrf>()->table != config.table)
        throw failure(cat("VRF ", vrf->name, " has table ", vrf->as<Vrf>()->table, " instead of ",
                          config.table));
    if (!vrf->is_up()) throw failure(cat("VRF ", vrf->name, " is down"));
    if (container.get_interface().master != vrf->index)
        throw failure(cat("failed to find ", container.ifname, " associated to vrf ", config.name));
}

// Whatever the configuration says today. What the kernel refuses in there goes with the container.
void del(const Request& request) {
    request.step("leave VRF");
    Departure departure;
    warn_if_refused([&] {
        const auto container = Container::find(request.args);
        if (!container) return;
        const NetnsLock lock(container->netns);
        if (const auto port = container->find_interface())
            if (const auto vrf = find_vrf_of(*container, *port, request.conf))
                leave(*container, *port, *vrf);
        departure.remove(*container, unused_vrfs(container->rtnl));
    });
}

void status(const Request& request) {
    request.step("prepare");
    parse_config(request.conf);
}

}  // namespace cni::vrf
