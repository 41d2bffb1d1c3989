#include "rule_checks.h"

#include "checks.h"

namespace cni::tool {
namespace {

void check_mixture(const std::vector<nft::BaseChain>& bases, Family family, Findings& findings) {
    const auto [legacy, nf_tables] = iptables_in_use(bases, family);
    if (legacy.empty() || nf_tables.empty()) return;
    const std::string program = family == Family::v4 ? "iptables" : "ip6tables";
    add_warning(findings, "mixed-backends",
                cat("rules of ", program,
                    " are in both of its places: one drops what the other "
                    "lets through, and ",
                    program, " lists but its own"),
                cat("legacy: ", join(legacy, ", "), "; nf_tables: ", join(nf_tables, ", ")),
                cat("move what ", program, "-legacy-save shows to ", program,
                    "-nft, and keep to that: update-alternatives --set ", program, " /usr/sbin/",
                    program, "-nft"));
}

void check_firewalld(nft::Connection& nft, const Patient& patient, Findings& findings) {
    if (!nft.has_table({NFPROTO_INET, "firewalld"})) return;
    for (const NetworkList& network : patient.networks)
        if (!has_plugin(network, "firewall") && routes_through_host(network) &&
            patient.is_alive(network.name))
            add_warning(findings, "firewalld-rejects",
                        cat("firewalld rejects what containers of ", network.name,
                            " forward unless their addresses are in a zone that accepts"),
                        "nf_tables has table inet firewalld",
                        cat("add {\"type\":\"firewall\"} to the plugins of ", network.name));
}

void check_family(nft::Connection& nft, const std::vector<nft::BaseChain>& bases,
                  const Patient& patient, Family family, Findings& findings) {
    const auto at = [&](Stage stage) { return hooked_at(nft, bases, family, stage); };
    if (const auto samples = samples_of(patient, family); !samples.empty()) {
        check_forwarded(at(Stage::forward), samples, findings);
        check_masquerading(at(Stage::postrouting), samples, findings);
    }
    check_port_mappings(at(Stage::prerouting), arriving_packet(patient, family), findings);
    check_mixture(bases, family, findings);
}

}  // namespace

std::string where(const Ruling& ruling, const Hooked& hooked) {
    const std::string what = ruling.number == 0 ? "the policy" : cat("rule ", ruling.number);
    return cat(what, " of chain ", ruling.chain, " in ", hooked.place);
}

void check_rules(const Patient& patient, Findings& findings) {
    nft::Connection nft;
    check_firewalld(nft, patient, findings);
    const std::vector<nft::BaseChain> bases = nft::base_chains(nft);
    for (const auto family : both_families) check_family(nft, bases, patient, family, findings);
}

}  // namespace cni::tool
