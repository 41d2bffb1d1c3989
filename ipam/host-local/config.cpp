#include "config.h"

#include <algorithm>

#include "base/contains.h"
#include "base/error.h"
#include "cni/version.h"
#include "range_sets.h"
#include "runtime/validate/plugin_keys.h"

namespace cni::host_local {
namespace {

// "ip" or "ip/length"; the length does not matter.
std::optional<Ip> parse_requested(std::string_view text) {
    if (text.find('/') == text.npos) return Ip::parse(text);
    const auto prefix = Prefix::parse(text);
    if (!prefix) return {};
    return prefix->ip;
}

void add_once(std::vector<Ip>& ips, const Ip& ip) {
    if (!contains(ips, ip)) ips.push_back(ip);
}

void add_requested(std::vector<Ip>& ips, const std::optional<Json>& list) {
    if (!list) return;
    for (const Json& element : list->as_list()) {
        const std::string text = element.as_string();
        const auto ip = parse_requested(text);
        if (!ip)
            throw ConfigError(element,
                              text.empty() ? "cannot understand ip: IP <nil> not v4 nor v6"
                                           : cat("invalid IP address ", text),
                              cat("key ", quote(element.path())));
        add_once(ips, *ip);
    }
}

void add_requested_by_args(std::vector<Ip>& ips, std::string_view cni_args, const Policy& policy) {
    const auto args = parse_cni_args(cni_args, policy.known_args());
    const auto found = args.find("IP");
    if (found == args.end() || found->second.empty()) return;
    const auto ip = parse_requested(found->second);
    if (!ip)
        throw Error(Code::invalid_environment,
                    cat("ARGS: error parsing value of pair ", quote(cat("IP=", found->second)),
                        ": invalid IP address ", found->second),
                    "variable CNI_ARGS");
    add_once(ips, *ip);
}

std::vector<WrittenSet> written_sets(const NetConf& conf, const Json& ipam) {
    std::vector<WrittenSet> sets;
    if (const auto ranges = conf.runtime_config("ipRanges"))
        for (const Json& set : ranges->as_list()) sets.push_back(read_range_set(set));
    if (ipam.prefix("subnet")) sets.push_back({ipam, {read_range(ipam)}});
    for (const Json& set : ipam.list("ranges")) sets.push_back(read_range_set(set));
    return sets;
}

std::vector<RangeSet> make_sets(const std::vector<WrittenSet>& written) {
    std::vector<RangeSet> sets;
    for (std::size_t i = 0; i < written.size(); ++i) {
        try {
            sets.push_back(make_range_set(written[i]));
        } catch (const ConfigError& error) {
            throw ConfigError(error.offset, cat("invalid range set ", i, ": ", error.msg),
                              cat(quote(written[i].json.path()), error.details.empty() ? "" : ": ",
                                  error.details));
        }
    }
    return sets;
}

Config parse(const NetConf& conf, std::string_view cni_args) {
    const auto ipam = conf.json.find("ipam");
    if (!ipam) throw Error(Code::invalid_config, "IPAM config missing 'ipam' key");
    ipam->require_object();

    Config config;
    config.policy = Policy::parse(*ipam);
    add_requested_by_args(config.requested, cni_args, config.policy);
    add_requested(config.requested, conf.cni_args_config("ips"));
    add_requested(config.requested, conf.runtime_config("ips"));
    config.location = Location::parse(conf);
    config.resolv_conf = ipam->string_or("resolvConf", "");
    for (const Json& route : ipam->list("routes")) config.routes.push_back(parse_route(route));
    config.sets = make_sets(written_sets(conf, *ipam));
    require_one_per_family(families_of(config.sets), conf.cni_version);
    require_disjoint(config.sets);
    config.policy.require_consistent(config.sets);
    return config;
}

}  // namespace

Location Location::parse(const NetConf& conf) {
    const auto ipam = conf.json.find("ipam");
    const std::string dir = ipam && ipam->is_object() ? ipam->string_or("dataDir", "") : "";
    return {.data_dir = dir.empty() ? std::string(default_data_dir) : dir, .network = conf.name};
}

bool has_all_ranges(const NetConf& conf) {
    return !declares_capability(conf, "ipRanges") || conf.runtime_config("ipRanges");
}

bool has_cooldown(const NetConf& conf) try {
    const auto ipam = conf.json.find("ipam");
    return ipam && ipam->is_object() && ipam->int_or("cooldown", 0, longest_cooldown, 0) > 0;
} catch (const ConfigError&) {
    return false;
}

Config parse_config(const NetConf& conf) {
    return parse(conf, "");
}

Config parse_config(const Request& request) {
    Config config = parse(request.conf, request.args.cni_args);
    require_sets(config);
    if (has_all_ranges(request.conf)) config.policy.require_within(config.sets);
    for (const OwnerKind kind : all_owner_kinds) {
        if (!config.policy.knows_by(kind)) continue;
        if (auto owner = owner_of(request, kind)) config.owners.push_back(*std::move(owner));
    }
    return config;
}

void require_sets(const Config& config) {
    if (config.sets.empty())
        throw Error(Code::invalid_config, "no IP ranges specified",
                    "\"ipam\" needs the key \"subnet\" or \"ranges\", or the runtime brings "
                    "ranges (capability ipRanges)");
}

const RangeSet* find_exhausted(const Config& config, const std::vector<Ip>& taken) {
    const std::vector<Stretch> out_of_reach = withheld(config.sets, config.policy, {});
    const auto has_free = [&](const Stretch& stretch) {
        return first_free(stretch.first, stretch.last, taken).has_value();
    };
    for (const RangeSet& set : config.sets)
        if (std::ranges::none_of(without(set.round_robin({}), out_of_reach), has_free)) return &set;
    return nullptr;
}

const Owner* Config::returning() const {
    const auto found = std::ranges::find_if(
        owners, [&](const Owner& owner) { return owner.kind == policy.sticky; });
    return found == owners.end() ? nullptr : &*found;
}

}  // namespace cni::host_local
