#include "config.h"

#include <algorithm>

#include "admission_config.h"
#include "base/contains.h"
#include "cni/args.h"
#include "cni/choice.h"

namespace cni::firewall {
namespace {

// XT_EXTENSION_MAXNAMELEN of linux/netfilter/x_tables.h, less what ends it.
constexpr std::size_t max_chain_name = 28;

/// What has a meaning of its own in the tables.
constexpr std::string_view taken_names[] = {"ACCEPT",
                                            "DROP",
                                            "QUEUE",
                                            "RETURN",
                                            "INPUT",
                                            "FORWARD",
                                            "OUTPUT",
                                            "CNI-FORWARD",
                                            "CNI-FORWARD-OWNERS",
                                            "CNI-ISOLATION-STAGE-1",
                                            "CNI-ISOLATION-STAGE-2",
                                            "forward",
                                            "admin",
                                            "from_containers",
                                            "to_containers",
                                            "neighbours_from",
                                            "neighbours_to"};

std::optional<std::string> parse_backend(const Json& json) {
    const std::string name = json.string_or("backend", "");
    if (name.empty()) return {};
    if (name == "iptables" || name == "nftables" || name == "firewalld") return name;
    throw ConfigError(*json.find("backend"), cat("unrecognized backend ", quote(name)),
                      "known are \"iptables\", \"nftables\" and \"firewalld\"");
}

// As firewalld takes them; which ones there are it says itself.
std::string parse_zone(const Json& json) {
    std::string name = json.string_or("firewalldZone", "");
    if (name.empty()) return "trusted";
    const auto is_inner = [](char c) {
        return is_valid_identifier({&c, 1}) || c == '-' || c == '_' || c == '/';
    };
    if (!std::ranges::all_of(name, is_inner))
        throw ConfigError(*json.find("firewalldZone"),
                          cat("\"firewalldZone\" ", quote(name), " is no name of a zone"),
                          "letters, digits, \"-\", \"_\" and \"/\"");
    return name;
}

// What iptables and nft take without quotes.
bool is_chain_name(std::string_view name) {
    const auto is_inner = [](char c) {
        return is_valid_identifier({&c, 1}) || c == '-' || c == '.' || c == '_';
    };
    return name.size() <= max_chain_name && is_valid_identifier(name.substr(0, 1)) &&
           std::ranges::all_of(name, is_inner);
}

std::string parse_admin_chain(const Json& json) {
    std::string name = json.string_or("iptablesAdminChainName", "");
    if (name.empty()) return "CNI-ADMIN";
    const Json at = *json.find("iptablesAdminChainName");
    if (!is_chain_name(name))
        throw ConfigError(
            at, cat("\"iptablesAdminChainName\" ", quote(name), " is no name of a chain"),
            cat("up to ", max_chain_name,
                " letters, digits, \"-\", \"_\" and \".\", the first one a letter or digit"));
    if (contains(taken_names, name))
        throw ConfigError(at, cat("\"iptablesAdminChainName\" ", quote(name), " is taken"),
                          "choose a name that is yours alone");
    return name;
}

Error no_bridge(Policy policy) {
    return Error(
        Code::invalid_config,
        cat("interface needs to be set for ingress policy ", quote(name_of(policies, policy)),
            ", make sure to chain \"firewall\" plugin with \"bridge\""),
        "the first interface of prevResult must be a bridge of the host");
}

// They would take a "+" or "*" at the end for any rest.
bool can_stand_in_rule(std::string_view name) {
    return is_ifname(name) && !name.ends_with('+') && !name.ends_with('*');
}

// An interface of the container may have the name of one of the host's.
bool begins_with_bridge(const Result& result) {
    return !result.interfaces.empty() && result.interfaces.front().sandbox.empty();
}

std::string bridge_of(const Result& result, Policy policy) {
    if (!begins_with_bridge(result)) throw no_bridge(policy);
    std::string name = result.interfaces.front().name;
    if (name.empty()) throw Error(Code::invalid_config, "got empty bridge name");
    if (!can_stand_in_rule(name))
        throw Error(Code::invalid_config,
                    cat("bridge name ", quote(name), " of prevResult cannot stand in a rule"));
    return name;
}

std::vector<Ip> gate_addresses(const Result& result, const std::string& ifname) {
    std::vector<Ip> out;
    for (const IpConfig& ip : result.ips) {
        const Ip& address = ip.address.ip;
        const auto is_same = [&](const Ip& other) { return other.family() == address.family(); };
        if (result.is_of_container(ip, ifname) && std::ranges::none_of(out, is_same))
            out.push_back(address);
    }
    if (out.empty())
        throw Error(Code::invalid_config, "prevResult has no address that could open the gate",
                    "\"gate\" is for containers with addresses");
    return out;
}

/// The first interface of the host behind the bridge, which is there; "" without one.
std::string port_of(const Result& result) {
    const auto found = std::find_if(
        result.interfaces.begin() + 1, result.interfaces.end(), [](const Interface& interface) {
            return interface.sandbox.empty() && can_stand_in_rule(interface.name);
        });
    return found == result.interfaces.end() ? "" : found->name;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    Config config;
    config.backend = parse_backend(conf.json);
    config.zone = parse_zone(conf.json);
    config.admin_chain = parse_admin_chain(conf.json);
    config.policy = choice_or(conf.json, "ingressPolicy", policies, Policy::open, "ingress policy");
    config.admission = parse_admission(conf);
    if (config.backend == "iptables" && !config.admission.empty())
        throw ConfigError(*conf.json.find("backend"),
                          cat(quote(config.admission.key()), " needs the backend \"nftables\""),
                          "iptables has no place for rules of one container");
    return config;
}

Passage passage_of(const Config& config, const Result& result, const Owner& owner) {
    Passage passage{.owner = owner,
                    .addresses = {},
                    .admin_chain = config.admin_chain,
                    .policy = config.policy,
                    .admission = config.admission};
    for (const Prefix& address : result.addresses())
        if (const Prefix host = Prefix::host(address.ip); !contains(passage.addresses, host))
            passage.addresses.push_back(host);
    if (config.admission.is_gated) passage.gate_addresses = gate_addresses(result, owner.ifname);
    if (config.policy == Policy::open) return passage;
    passage.bridge = bridge_of(result, config.policy);
    passage.port = port_of(result);
    return passage;
}

std::string zone_for_removal(const NetConf& conf) try {
    const bool may_be_firewalld = parse_backend(conf.json).value_or("firewalld") == "firewalld";
    return may_be_firewalld ? parse_zone(conf.json) : "";
} catch (const ConfigError&) {
    return "";
}

Trace trace_of(const Result& result) {
    Trace trace{.addresses = result.addresses()};
    if (!begins_with_bridge(result)) return trace;
    trace.bridge = result.interfaces.front().name;
    trace.port = port_of(result);
    return trace;
}

}  // namespace cni::firewall
