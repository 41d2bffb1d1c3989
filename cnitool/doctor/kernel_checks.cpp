#include <netinet/in.h>
// Needs the types of the one above.
#include <linux/netfilter.h>

#include <algorithm>
#include <set>

#include "checks.h"
#include "netfilter/nft.h"
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

const NetworkList* first_living_bridge(const Patient& patient) {
    const auto found = std::ranges::find_if(patient.networks, [&](const NetworkList& network) {
        return has_plugin(network, "bridge") && patient.is_alive(network.name);
    });
    return found == patient.networks.end() ? nullptr : &*found;
}

/// Who has set iptables up to drop what is forwarded.
std::string owner_of_drop(nft::Connection& nft, const nft::Table& table) {
    constexpr std::pair<const char*, const char*> marks[] = {{"DOCKER-USER", "Docker"},
                                                             {"DOCKER-FORWARD", "Docker"},
                                                             {"ufw-before-forward", "ufw"},
                                                             {"ufw6-before-forward", "ufw"}};
    for (const auto& [chain, owner] : marks)
        if (nft.find_chain(table, chain)) return owner;
    return "somebody";
}

std::optional<std::string> find_drop(nft::Connection& nft, std::uint8_t family) {
    const nft::Table table{family, "filter"};
    const auto chain = nft.find_chain(table, "FORWARD");
    if (!chain || !chain->hook || chain->hook->policy != NF_DROP) return {};
    return cat(owner_of_drop(nft, table), " has set the policy of chain FORWARD in table ",
               table.to_string(), " to drop");
}

void check_forward_policy(nft::Connection& nft, const Patient& patient, const NetworkList& network,
                          Findings& findings) {
    for (const auto family : both_families) {
        const bool is_v4 = family == Family::v4;
        const auto drop = find_drop(nft, is_v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
        if (!drop || !has_family(patient, network.name, family)) continue;
        add_error(findings, "forward-drop",
                  cat("what is forwarded to and from containers of ", network.name, " is dropped"),
                  *drop, cat("add {\"type\":\"firewall\"} to the plugins of ", network.name));
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

void check_rules(const Patient& patient, Findings& findings) {
    nft::Connection nft;
    for (const NetworkList& network : patient.networks) {
        const bool is_guarded = has_plugin(network, "firewall");
        if (is_guarded || !routes_through_host(network) || !patient.is_alive(network.name))
            continue;
        check_forward_policy(nft, patient, network, findings);
        if (nft.has_table({NFPROTO_INET, "firewalld"}))
            add_warning(findings, "firewalld-rejects",
                        cat("firewalld rejects what containers of ", network.name,
                            " forward unless their addresses are in a zone that accepts"),
                        "nf_tables has table inet firewalld",
                        cat("add {\"type\":\"firewall\"} to the plugins of ", network.name));
    }
    const NetworkList* bridged = first_living_bridge(patient);
    const bool drops = find_drop(nft, NFPROTO_IPV4).has_value();
    if (bridged && drops && has_value("net/bridge/bridge-nf-call-iptables", "1"))
        add_warning(findings, "bridge-nf-drop",
                    cat("containers of ", bridged->name,
                        " do not reach each other: what crosses "
                        "bridges goes through a chain that drops"),
                    "net.bridge.bridge-nf-call-iptables = 1, policy of FORWARD is drop",
                    "sysctl -w net.bridge.bridge-nf-call-iptables=0");
}

}  // namespace cni::tool
