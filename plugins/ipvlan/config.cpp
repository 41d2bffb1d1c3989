#include "config.h"

#include "cni/choice.h"

namespace cni::ipvlan {
namespace {

std::optional<Ipvlan::Isolation> parse_isolation(const Json& json) {
    if (json.string_or("isolation", "").empty()) return {};
    return choice_or(json, "isolation", Ipvlan::isolations, Ipvlan::Isolation::bridge,
                     "ipvlan isolation");
}

}  // namespace

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    return {.parent = parse_parent(json),
            .mode = choice_or(json, "mode", Ipvlan::modes, Ipvlan::Mode::l2, "ipvlan mode"),
            .isolation = parse_isolation(json),
            .mtu = conf.mtu(),
            .has_ipam = !conf.ipam_type().empty()};
}

}  // namespace cni::ipvlan
