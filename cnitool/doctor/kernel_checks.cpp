#include <algorithm>
#include <set>

#include "checks.h"
#include "netlink/route.h"
#include "sys/sysctl.h"

namespace cni::tool {
namespace {

bool has_value(const std::string& key, std::string_view value) {
    return find_sysctl(key) == value;
}

// With dots, as sysctl(8) takes it.
std::string name_of_sysctl(std::string key) {
    std::ranges::replace(key, '/', '.');
    return key;
}

bool has_family(const Patient& patient, std::string_view network, Family family) {
    return std::ranges::any_of(patient.ranges, [&](const NetworkRange& range) {
        return range.network == network && range.start.family() == family;
    });
}

void check_forwarding(const Patient& patient, const NetworkList& network, Family family,
                      Findings& findings) {
    const std::string key =
        family == Family::v4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
    if (!has_family(patient, network.name, family) || !has_value(key, "0")) return;
    const std::string name = name_of_sysctl(key);
    add_error(findings, family == Family::v4 ? "forwarding-off" : "forwarding6-off",
              cat("containers of ", network.name,
                  " reach nothing beyond the host: somebody has switched forwarding off"),
              cat(name, " = 0"), cat("sysctl -w ", name, "=1"));
}

void check_ipv6(const Patient& patient, const NetworkList& network, Findings& findings) {
    const std::string key = "net/ipv6/conf/all/disable_ipv6";
    if (!has_family(patient, network.name, Family::v6) || !has_value(key, "1")) return;
    add_error(findings, "ipv6-off",
              cat("network ", network.name, " has IPv6 addresses and the host has IPv6 off"),
              cat(name_of_sysctl(key), " = 1"), cat("sysctl -w ", name_of_sysctl(key), "=0"));
}

// The greater of the two values counts, and 2 is less strict than 1.
int rp_filter_of(std::string_view link) {
    int greatest = 0;
    for (const std::string_view name : {std::string_view("all"), link}) {
        const auto value = find_sysctl(cat("net/ipv4/conf/", name, "/rp_filter"));
        greatest = std::max(greatest, parse_int<int>(value.value_or("")).value_or(0));
    }
    return greatest;
}

// A reply that comes by another interface than the route back takes is dropped.
void check_rp_filter(const Patient& patient, Findings& findings) {
    Rtnl host;
    std::set<int> defaults;
    for (const Way& way : ways_of_main(host, Family::v4))
        if (way.dst.is_default_route()) defaults.insert(way.link);
    std::vector<const Link*> ways;
    for (const Link& link : patient.node.links)
        if (defaults.contains(link.index)) ways.push_back(&link);
    if (ways.size() < 2) return;
    for (const Link* link : ways) {
        if (rp_filter_of(link->name) == 1)
            add_warning(findings, "strict-rp-filter",
                        cat("answers that come by ", link->name,
                            " may be dropped: the host has "
                            "several default routes and takes packets by the best one only"),
                        cat("net.ipv4.conf.", link->name, ".rp_filter or that of all = 1"),
                        cat("sysctl -w net.ipv4.conf.", link->name, ".rp_filter=2"));
    }
}

}  // namespace

void check_kernel(const Patient& patient, Findings& findings) {
    for (const NetworkList& network : patient.networks) {
        check_ipv6(patient, network, findings);
        if (!routes_through_host(network) || !patient.is_alive(network.name)) continue;
        for (const auto family : both_families)
            check_forwarding(patient, network, family, findings);
    }
    check_rp_filter(patient, findings);
}

}  // namespace cni::tool
