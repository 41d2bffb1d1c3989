#include "config.h"

#include <netinet/in.h>

#include <algorithm>
#include <limits>

namespace cni::portmap {
namespace {

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

std::uint16_t parse_port(const Json& mapping, std::string_view key, std::string_view what) {
    const std::int64_t number = mapping.int_or(key, -any_number, any_number, 0);
    if (number >= 1 && number <= 65535) return static_cast<std::uint16_t>(number);
    throw Error(Code::invalid_config, cat("Invalid ", what, " port number: ", number),
                cat(quote(cat(mapping.path(), ".", key)), " must be from 1 to 65535"));
}

std::uint8_t parse_protocol(const Json& mapping) {
    const std::string name = lower(mapping.string_or("protocol", ""));
    if (name.empty() || name == "tcp") return IPPROTO_TCP;
    if (name == "udp") return IPPROTO_UDP;
    if (name == "sctp") return IPPROTO_SCTP;
    throw Error(Code::invalid_config, cat("unknown protocol ", quote(name), " of a port mapping"),
                cat(quote(mapping.path() + ".protocol"), " is one of tcp, udp, sctp"));
}

std::vector<Mapping> parse_mappings(const NetConf& conf) {
    std::vector<Mapping> out;
    std::set<Mapping> known;
    const auto list = conf.runtime_config("portMappings");
    if (!list) return out;
    for (const Json& entry : list->as_list()) {
        entry.require_object();
        Mapping mapping;
        mapping.container_port = parse_port(entry, "containerPort", "container");
        mapping.host_port = parse_port(entry, "hostPort", "host");
        mapping.protocol = parse_protocol(entry);
        mapping.host_ip = entry.ip("hostIP");
        if (known.insert(mapping).second) out.push_back(mapping);
    }
    return out;
}

bool brings_default_route(const Result& result, Family family) {
    return std::ranges::any_of(result.routes, [&](const Route& route) {
        return route.dst.length == 0 && route.dst.ip.family() == family;
    });
}

}  // namespace

Config parse_config(const NetConf& conf) {
    Config config = parse_keys(conf.json);
    config.mappings = parse_mappings(conf);
    return config;
}

std::vector<Forwarding> forwardings(const Config& config, const Result& result,
                                    const Owner& owner) {
    std::vector<Forwarding> out;
    for (const IpConfig& ip : result.ips) {
        const Family family = ip.address.ip.family();
        const auto is_same = [&](const Forwarding& f) { return f.family() == family; };
        if (!result.is_of_container(ip, owner.ifname) ||
            std::any_of(out.begin(), out.end(), is_same))
            continue;
        out.push_back(
            {.owner = owner,
             .container = ip.address,
             .mappings = config.mappings,
             .conditions = family == Family::v4 ? config.conditions_v4 : config.conditions_v6,
             .snat = config.snat,
             .masq_all = config.masq_all,
             .mark_bit = config.mark_bit,
             .external_mark_chain = config.external_mark_chain,
             .leads_out = brings_default_route(result, family)});
    }
    return out;
}

}  // namespace cni::portmap
