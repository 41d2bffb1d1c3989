#include <algorithm>
#include <map>
#include <set>

#include "checks.h"
#include "netlink/route.h"

namespace cni::tool {
namespace {

/// A network's bridge, once for each plugin of the list that has one.
template <typename Do>
void for_each_bridge(const Patient& patient, Do act) {
    for (const NetworkList& network : patient.networks)
        for (const PluginConf& plugin : network.plugins)
            if (const auto name = bridge_of(plugin)) act(network, *name);
}

bool overlap(const Prefix& a, const Prefix& b) {
    return a.ip.family() == b.ip.family() && (a.contains(b.ip) || b.contains(a.ip));
}

/// The interfaces that routes of each network rightly lead through.
using OwnLinks = std::map<std::string, std::set<std::string>, std::less<>>;

OwnLinks own_links(const Patient& patient) {
    OwnLinks names;
    for_each_bridge(patient, [&](const NetworkList& network, const std::string& bridge) {
        names[network.name].insert(bridge);
    });
    for (const NodeAttachment& one : patient.node.list)
        if (one.host_link) names[one.network].insert(one.host_link->name);
    return names;
}

// macvlan and ipvlan put containers into the host's own subnet.
bool shares_subnet_of_host(const Patient& patient, std::string_view network) {
    return std::ranges::none_of(patient.networks, [&](const NetworkList& its) {
        return its.name == network && (has_plugin(its, "bridge") || has_plugin(its, "ptp"));
    });
}

void check_against(const Patient& patient, const OwnLinks& own, const std::string& link,
                   const Prefix& dst, Findings& findings) {
    if (dst.is_default_route()) return;
    std::set<std::string> told;
    for (const NetworkRange& range : patient.ranges) {
        if (!overlap(range.subnet.network(), dst) || told.contains(range.network)) continue;
        const auto its = own.find(range.network);
        if (shares_subnet_of_host(patient, range.network) ||
            (its != own.end() && its->second.contains(link)))
            continue;
        told.insert(range.network);
        add_error(findings, "subnet-clash",
                  cat("subnet ", range.subnet.network().to_string(), " of network ", range.network,
                      " is routed elsewhere by the host"),
                  cat("route ", dst.to_string(), " through ", link),
                  cat("give network ", range.network, " another subnet"));
    }
}

void check_between_networks(const Patient& patient, Findings& findings) {
    const auto& ranges = patient.ranges;
    for (std::size_t i = 0; i < ranges.size(); ++i)
        for (std::size_t k = i + 1; k < ranges.size(); ++k)
            if (ranges[i].network != ranges[k].network && ranges[i].start <= ranges[k].end &&
                ranges[k].start <= ranges[i].end)
                add_error(findings, "networks-overlap",
                          cat("networks ", ranges[i].network, " and ", ranges[k].network,
                              " give the same addresses"),
                          cat(ranges[i].subnet.to_string(), " and ", ranges[k].subnet.to_string()),
                          cat("give network ", ranges[k].network, " another subnet"));
}

void check_bridge(const Patient& patient, const NetworkList& network, const std::string& name,
                  Findings& findings) {
    const Link* link = patient.find_link(name);
    if (link && !link->is<Bridge>())
        add_error(findings, "no-bridge",
                  cat(name, ", the bridge of network ", network.name, ", is no bridge: ADD fails"),
                  cat("it is of kind ", link->kind_name().empty() ? "hardware" : link->kind_name()),
                  cat("ip link set ", name, " name ", name.substr(0, 10), "-old"));
    else if (link && !link->is_up() && patient.is_alive(network.name))
        add_error(findings, "bridge-down",
                  cat("bridge ", name, " of network ", network.name, " is down"),
                  cat("ip link show ", name), cat("ip link set ", name, " up"));
}

bool is_bridged(const Patient& patient, std::string_view network) {
    return std::ranges::any_of(patient.networks, [&](const NetworkList& its) {
        return its.name == network && has_plugin(its, "bridge");
    });
}

void check_host_end(const Patient& patient, const NodeAttachment& one, Findings& findings) {
    if (!one.host_link || !one.host_link->is<Veth>()) return;
    const std::string& name = one.host_link->name;
    if (!one.host_link->is_up())
        add_error(findings, "host-link-down",
                  cat("container ", one.id.container_id, " is cut off: its host end is down"), name,
                  cat("ip link set ", name, " up"));
    if (one.host_link->master == 0 && is_bridged(patient, one.network))
        add_error(
            findings, "not-in-bridge",
            cat("container ", one.id.container_id, " is cut off: its host end is in no bridge"),
            name, cat("ip link set ", name, " master with the bridge of ", one.network));
    if (one.link && one.link->mtu != one.host_link->mtu)
        add_error(findings, "mtu-mismatch",
                  cat("large packets of container ", one.id.container_id, " are lost"),
                  cat("MTU ", one.link->mtu, " of ", one.id.ifname, ", ", one.host_link->mtu,
                      " of ", name),
                  cat("ip link set ", name, " mtu ", one.link->mtu));
}

const Link* find_uplink(const Patient& patient) {
    Rtnl host;
    const auto index = first_default_link(host, Family::v4);
    const auto found = std::ranges::find(patient.node.links, index.value_or(0), &Link::index);
    return index && found != patient.node.links.end() ? &*found : nullptr;
}

void check_uplink_mtu(const Patient& patient, Findings& findings) {
    const Link* uplink = find_uplink(patient);
    std::set<std::string> told;
    for (const NodeAttachment& one : patient.node.list)
        if (uplink && one.link && one.link->mtu > uplink->mtu && told.insert(one.network).second)
            add_warning(findings, "mtu-above-uplink",
                        cat("containers of ", one.network,
                            " send packets that are too large for the way out"),
                        cat("MTU ", one.link->mtu, " of ", one.id.ifname, ", ", uplink->mtu, " of ",
                            uplink->name),
                        cat("set \"mtu\": ", uplink->mtu, " in network ", one.network));
}

}  // namespace

// Thousands of containers may have a route each: the table is listed once.
void check_routes(const Patient& patient, Findings& findings) {
    Rtnl host;
    std::map<int, std::string> names;
    for (const Link& link : patient.node.links) names.emplace(link.index, link.name);
    const OwnLinks own = own_links(patient);
    for (const auto family : both_families)
        for (const Way& way : ways_of_main(host, family))
            if (const auto name = names.find(way.link); name != names.end())
                check_against(patient, own, name->second, way.dst, findings);
    check_between_networks(patient, findings);
}

void check_links(const Patient& patient, Findings& findings) {
    for_each_bridge(patient, [&](const NetworkList& network, const std::string& name) {
        check_bridge(patient, network, name, findings);
    });
    for (const NodeAttachment& one : patient.node.list) check_host_end(patient, one, findings);
    check_uplink_mtu(patient, findings);
}

}  // namespace cni::tool
