#include "rule_checks.h"
#include "sys/sysctl.h"

namespace cni::tool {
namespace {

/// Who made the base chain what it is; "" when nobody known did.
std::string_view maker_of(const Hooked& hooked) {
    constexpr std::pair<std::string_view, std::string_view> marks[] = {
        {"DOCKER-", "Docker"}, {"ufw", "ufw"}, {"KUBE-ROUTER", "kube-router"}};
    for (const auto& [prefix, maker] : marks)
        if (find_jump({}, hooked, prefix) != 0) return maker;
    return {};
}

std::string evidence_of(const Ruling& ruling, const Hooked& hooked) {
    const std::string_view maker = maker_of(hooked);
    return cat(where(ruling, hooked), " drops it", maker.empty() ? "" : "; it has rules of ",
               maker);
}

std::string admission(const Sample& sample, const Hooked& hooked) {
    if (!hooked.is_of_iptables)
        return cat("nft 'insert rule ", hooked.target, " iifname \"", sample.interface(),
                   "\" accept; insert rule ", hooked.target, " oifname \"", sample.interface(),
                   "\" ct state established,related accept'");
    if (!has_plugin(*sample.network, "firewall"))
        return cat("add {\"type\":\"firewall\"} to the plugins of ", sample.network->name);
    return cat(hooked.program, " -I FORWARD -i ", sample.interface(), " -j ACCEPT; ",
               hooked.program, " -I FORWARD -o ", sample.interface(),
               " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
}

/// The jump of the plugin firewall stands behind what drops.
bool check_shadowed(const Sample& sample, const Hooked& hooked, const Ruling& ruling,
                    Findings& findings) {
    const std::size_t number =
        ruling.number == 0 || !hooked.is_of_iptables
            ? 0
            : find_jump(sample.outbound, hooked, "CNI-FORWARD", ruling.number_base);
    if (number == 0) return false;
    add_error(
        findings, "firewall-shadowed",
        cat("what the plugin firewall lets through of ", sample.network->name,
            " is dropped before its rules are asked"),
        cat(where(ruling, hooked), " drops it, the jump to CNI-FORWARD is rule ", number),
        cat(hooked.program,
            " -I FORWARD -m comment --comment \"CNI firewall plugin rules\" -j CNI-FORWARD && ",
            hooked.program, " -D FORWARD ", number + 1));
    return true;
}

void check_sample(const Sample& sample, const Hooked& hooked, Findings& findings) {
    for (const bool is_answer : {false, true}) {
        const Ruling ruling = ruling_on(is_answer ? sample.answer() : sample.outbound, hooked);
        if (!ruling.drops_for_sure()) continue;
        if (check_shadowed(sample, hooked, ruling, findings)) return;
        add_error(findings, "forward-drop",
                  cat(is_answer ? "what answers containers of " : "what containers of ",
                      sample.network->name, is_answer ? " is dropped" : " send is dropped"),
                  evidence_of(ruling, hooked), admission(sample, hooked));
        return;
    }
}

/// What crosses a bridge goes through these chains as well, where the kernel is told so.
void check_crossing(const Sample& sample, const Hooked& hooked, Findings& findings) {
    const bool is_v4 = sample.family() == Family::v4;
    const std::string name = is_v4 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables";
    if (!has_plugin(*sample.network, "bridge") || find_sysctl(cat("net/bridge/", name)) != "1")
        return;
    const Ruling ruling = ruling_on(sample.to_neighbour(), hooked);
    if (!ruling.drops_for_sure()) return;
    add_warning(findings, "bridge-nf-drop",
                cat("containers of ", sample.network->name,
                    " do not reach each other: what crosses bridges goes through a chain that "
                    "drops"),
                cat("net.bridge.", name, " = 1, ", where(ruling, hooked), " drops it"),
                cat("sysctl -w net.bridge.", name, "=0"));
}

}  // namespace

// In nf_tables a table that lets through keeps no other one from dropping.
void check_forwarded(const std::vector<Hooked>& forward, const std::vector<Sample>& samples,
                     Findings& findings) {
    for (const Hooked& hooked : forward)
        for (const Sample& sample : samples) {
            check_sample(sample, hooked, findings);
            check_crossing(sample, hooked, findings);
        }
}

}  // namespace cni::tool
