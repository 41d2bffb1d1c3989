#include "config.h"

#include <netinet/in.h>

#include <algorithm>
#include <limits>
#include <set>

#include "conditions/parse.h"

namespace cni::portmap {
namespace {

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

std::uint16_t parse_port(const Json& mapping, std::string_view key, std::string_view what) {
    const std::int64_t number = mapping.int_or(key, -any_number, any_number, 0);
    if (number >= 1 && number <= 65535) return static_cast<std::uint16_t>(number);
    throw ConfigError(mapping, cat("Invalid ", what, " port number: ", number),
                      cat(quote(cat(mapping.path(), ".", key)), " must be from 1 to 65535"));
}

std::uint8_t parse_protocol(const Json& mapping) {
    const std::string name = lower(mapping.string_or("protocol", ""));
    if (name.empty() || name == "tcp") return IPPROTO_TCP;
    if (name == "udp") return IPPROTO_UDP;
    if (name == "sctp") return IPPROTO_SCTP;
    throw ConfigError(mapping, cat("unknown protocol ", quote(name), " of a port mapping"),
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

void parse_mark(Config& config, const Json& json) {
    const std::string chain = json.string_or("externalSetMarkChain", "");
    const auto bit = json.find("markMasqBit");
    if (!chain.empty() && bit)
        throw ConfigError(*bit, "Cannot specify externalSetMarkChain and markMasqBit");
    if (!chain.empty()) config.external_mark_chain = chain;
    if (chain.size() > max_chain_name)
        throw ConfigError(*json.find("externalSetMarkChain"),
                          cat("\"externalSetMarkChain\" is longer than ", max_chain_name, " bytes"),
                          chain);
    const std::int64_t number = json.int_or("markMasqBit", -any_number, any_number, 13);
    if (number < 0 || number > 31)
        throw ConfigError(*bit, "MasqMarkBit must be between 0 and 31",
                          cat("\"markMasqBit\" is ", number));
    config.mark_bit = static_cast<std::uint8_t>(number);
}

/// The keys that only one of the backends understands.
struct SpecificKeys {
    std::vector<std::string> iptables, nftables;
};

SpecificKeys specific_keys(const Json& json) {
    SpecificKeys keys;
    if (!json.string_or("externalSetMarkChain", "").empty())
        keys.iptables.push_back("externalSetMarkChain");
    for (const char* key : {"conditionsV4", "conditionsV6"}) {
        const auto language = language_of(json.string_list(key));
        if (language == Language::iptables) keys.iptables.push_back(key);
        if (language == Language::nftables) keys.nftables.push_back(key);
    }
    return keys;
}

void require_none(const std::vector<std::string>& keys, const char* backend, const char* other) {
    if (!keys.empty())
        throw Error(Code::invalid_config,
                    cat(backend, " backend was requested but configuration contains ", other,
                        "-specific options [", join(keys, " "), "]"));
}

std::optional<std::string> parse_backend(const Json& json) {
    const std::string name = json.string_or("backend", "");
    const SpecificKeys keys = specific_keys(json);
    if (name == "iptables") {
        require_none(keys.nftables, "iptables", "nftables");
    } else if (name == "nftables") {
        require_none(keys.iptables, "nftables", "iptables");
    } else if (!name.empty()) {
        throw ConfigError(*json.find("backend"), cat("unrecognized backend ", quote(name)),
                          "known are \"iptables\" and \"nftables\"");
    } else if (!keys.iptables.empty()) {
        require_none(keys.nftables, "iptables", "nftables");
        return "iptables";
    } else if (!keys.nftables.empty()) {
        return "nftables";
    }
    if (name.empty()) return {};
    return name;
}

std::vector<Condition> conditions_of(const Json& json, std::string_view key, Family family) {
    try {
        return parse_conditions(json, key, family);
    } catch (const Error& error) {
        throw ConfigError(json.find(key).value_or(json), error.msg, error.details);
    }
}

bool brings_default_route(const Result& result, Family family) {
    return std::ranges::any_of(result.routes, [&](const Route& route) {
        return route.dst.length == 0 && route.dst.ip.family() == family;
    });
}

}  // namespace

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    config.snat = json.bool_or("snat", true);
    config.masq_all = json.bool_or("masqAll", false) && config.snat;
    parse_mark(config, json);
    config.backend = parse_backend(json);
    config.conditions_v4 = conditions_of(json, "conditionsV4", Family::v4);
    config.conditions_v6 = conditions_of(json, "conditionsV6", Family::v6);
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
