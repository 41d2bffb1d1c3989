#include <algorithm>
#include <set>

#include "iptables/extensions.h"
#include "iptables/nft_rule_codec.h"
#include "rule_checks.h"

namespace cni::tool {
namespace {

constexpr const char* mappings_chain = "CNI-HOSTPORT-DNAT";

bool masquerades(const NetworkList& network) {
    return std::ranges::any_of(network.plugins, [](const PluginConf& plugin) {
        return plugin.json.is_object() && is_true(plugin.json, "ipMasq");
    });
}

void check_sample(const Sample& sample, const Hooked& hooked, Findings& findings) {
    const Ruling ruling = ruling_on(sample.outbound, hooked);
    const bool decides = ruling.number != 0 && !ruling.is_doubtful;
    if (!masquerades(*sample.network) || !decides) return;
    const std::size_t number = find_jump(sample.outbound, hooked, "CNI-", ruling.number_base);
    if (number == 0) return;
    const bool leaves_alone = ruling.act == Act::accept || ruling.act == Act::back;
    const std::string evidence =
        cat(where(ruling, hooked), " takes it, the first jump to a chain of ours is rule ", number);
    const std::string remedy =
        cat(hooked.program, " -L POSTROUTING --line-numbers; then ", hooked.program,
            " -D POSTROUTING ", ruling.number_base, ", or give it -s with what it is meant for");
    if (leaves_alone)
        add_error(findings, "masquerade-shadowed",
                  cat("what containers of ", sample.network->name,
                      " send leaves the host with addresses that nobody can answer"),
                  evidence, remedy);
    else
        add_warning(findings, "masquerades-all",
                    cat("containers of ", sample.network->name,
                        " do not see whom they talk to: all is masqueraded"),
                    evidence, remedy);
}

struct MappedPort {
    std::uint8_t protocol;
    std::uint16_t port;
    auto operator<=>(const MappedPort&) const = default;
};

std::vector<std::uint16_t> ports_of(const ipt::Rule& rule) {
    for (const ipt::Extension& match : rule.matches) {
        if (auto ports = ipt::destination_ports(match); !ports.empty()) return ports;
        if (const auto port = ipt::destination_port(match)) return {*port};
    }
    return {};
}

/// What portmap has mapped there, each once.
std::set<MappedPort> mapped_ports(const Hooked& hooked, Family family) {
    std::set<MappedPort> mapped;
    for (const nft::Rule& listed : hooked.rules(mappings_chain)) {
        const ipt::Rule rule = ipt::from_nft({0, "", listed}, family);
        if (!rule.protocol || rule.protocol->inverted) continue;
        for (const std::uint16_t port : ports_of(rule)) mapped.insert({rule.protocol->value, port});
    }
    return mapped;
}

std::string_view name_of_protocol(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "sctp";
}

void add_shadowed(const Hooked& hooked, const MappedPort& mapped, const Ruling& ruling,
                  std::size_t jump, Findings& findings) {
    add_error(
        findings, "port-shadowed",
        cat("port ", mapped.port, "/", name_of_protocol(mapped.protocol),
            " does not lead to the container that it is mapped to: somebody else takes it"),
        cat(where(ruling, hooked), " takes it, the jump to ", mappings_chain, " is rule ", jump),
        cat(hooked.program, " -I PREROUTING -m addrtype --dst-type LOCAL -j ", mappings_chain,
            " && ", hooked.program, " -D PREROUTING ", jump + 1));
}

// There may be thousands of mappings, and mostly nothing is ahead of them.
void check_mapped(const Hooked& hooked, const Packet& arriving, Findings& findings) {
    const std::size_t jump = find_jump(arriving, hooked, mappings_chain);
    const Ruling on_any = ruling_on(arriving, hooked, jump);
    if (jump == 0 || (on_any.number == 0 && !on_any.is_doubtful)) return;
    for (const MappedPort& mapped : mapped_ports(hooked, arriving.family)) {
        Packet packet = arriving;
        packet.protocol = mapped.protocol;
        packet.port = mapped.port;
        const Ruling ruling = ruling_on(packet, hooked, jump);
        if (ruling.number != 0 && !ruling.is_doubtful)
            add_shadowed(hooked, mapped, ruling, jump, findings);
    }
}

}  // namespace

void check_masquerading(const std::vector<Hooked>& postrouting, const std::vector<Sample>& samples,
                        Findings& findings) {
    for (const Hooked& hooked : postrouting)
        for (const Sample& sample : samples)
            if (hooked.is_of_iptables) check_sample(sample, hooked, findings);
}

void check_port_mappings(const std::vector<Hooked>& prerouting, const Packet& arriving,
                         Findings& findings) {
    for (const Hooked& hooked : prerouting)
        if (hooked.is_of_iptables) check_mapped(hooked, arriving, findings);
}

}  // namespace cni::tool
