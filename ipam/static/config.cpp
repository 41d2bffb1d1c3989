#include "config.h"

#include <algorithm>

#include "base/error.h"
#include "cni/version.h"

namespace cni::static_ipam {
namespace {

constexpr std::string_view known_args[] = {"IP", "GATEWAY"};

Error invalid_argument(std::string msg) {
    return Error(Code::invalid_environment, std::move(msg), "variable CNI_ARGS");
}

// The parts of a comma separated argument; none when it is absent.
std::vector<std::string_view> items(const std::map<std::string, std::string>& args,
                                    const std::string& key) {
    const auto found = args.find(key);
    if (found == args.end() || found->second.empty()) return {};
    auto parts = split(found->second, ',');
    for (auto& part : parts) part = trim(part);
    return parts;
}

IpConfig parse_address(const Json& json) {
    const auto gateway = json.require_object().ip("gateway");
    const std::string text = json.string_or("address", "");
    const auto address = Prefix::parse(text);
    if (!address)
        throw ConfigError(
            json.find("address").value_or(json),
            cat("the 'address' field is expected to be in CIDR notation, got: '", text, "'"),
            cat("key ", quote(cat(json.path(), ".address"))));
    return {.address = *address, .gateway = gateway, .interface = {}};
}

IpConfig parse_requested(const Json& json) {
    const std::string text = json.as_string();
    const auto address = Prefix::parse(text);
    if (!address)
        throw ConfigError(
            json, cat("an entry in the 'ips' field is NOT in CIDR notation, got: '", text, "'"),
            cat("key ", quote(json.path())));
    return {.address = *address, .gateway = {}, .interface = {}};
}

IpConfig parse_argument(std::string_view text) {
    const auto address = Prefix::parse(text);
    if (!address)
        throw invalid_argument(
            cat("the 'ip' field is expected to be in CIDR notation, got: '", text, "'"));
    return {.address = *address, .gateway = {}, .interface = {}};
}

std::vector<IpConfig> parse_requested(const std::optional<Json>& list) {
    std::vector<IpConfig> addresses;
    if (list)
        for (const Json& entry : list->as_list()) addresses.push_back(parse_requested(entry));
    return addresses;
}

// Of several that fit the last one counts; one that an address was configured with stays.
void set_gateways(std::vector<IpConfig>& addresses, const std::vector<Ip>& gateways) {
    for (IpConfig& ip : addresses) {
        if (ip.gateway) continue;
        const auto fits = [&](const Ip& gateway) { return ip.address.contains(gateway); };
        const auto last = std::find_if(gateways.rbegin(), gateways.rend(), fits);
        if (last != gateways.rend()) ip.gateway = *last;
    }
}

std::vector<Family> families_of(const std::vector<IpConfig>& addresses) {
    std::vector<Family> families;
    for (const IpConfig& ip : addresses) families.push_back(ip.address.ip.family());
    return families;
}

std::vector<IpConfig> parse_addresses(const NetConf& conf, const Json& ipam,
                                      const std::vector<std::string_view>& arguments,
                                      const std::vector<Ip>& gateways) {
    std::vector<IpConfig> by_arguments;
    for (const auto text : arguments) by_arguments.push_back(parse_argument(text));
    auto by_args = parse_requested(conf.cni_args_config("ips"));
    auto by_runtime = parse_requested(conf.runtime_config("ips"));
    // What replaces the addresses of the arguments has nothing to do with their gateways either.
    if (!by_runtime.empty()) return by_runtime;
    if (!by_args.empty()) return by_args;
    std::vector<IpConfig> addresses;
    for (const Json& address : ipam.list("addresses")) addresses.push_back(parse_address(address));
    addresses.insert(addresses.end(), by_arguments.begin(), by_arguments.end());
    set_gateways(addresses, gateways);
    return addresses;
}

Config parse(const NetConf& conf, std::string_view cni_args) {
    const auto ipam = conf.json.find("ipam");
    if (!ipam) throw Error(Code::invalid_config, "IPAM config missing 'ipam' key");
    ipam->require_object();
    const auto args = parse_cni_args(cni_args, known_args);
    std::vector<Ip> gateways;
    for (const auto text : items(args, "GATEWAY")) {
        const auto gateway = Ip::parse(text);
        if (!gateway) throw invalid_argument(cat("invalid gateway address: ", text));
        gateways.push_back(*gateway);
    }

    Config config;
    config.addresses = parse_addresses(conf, *ipam, items(args, "IP"), gateways);
    require_one_per_family(families_of(config.addresses), conf.cni_version);
    for (const Json& route : ipam->list("routes")) config.routes.push_back(parse_route(route));
    config.dns = parse_dns(ipam->find("dns").value_or(Json()));
    return config;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    return parse(conf, "");
}

Config parse_config(const Request& request) {
    return parse(request.conf, request.args.cni_args);
}

}  // namespace cni::static_ipam
