#include "config.h"

#include <algorithm>

#include "base/error.h"
#include "cni/version.h"
#include "range_sets.h"

namespace cni::host_local {
namespace {

constexpr std::string_view default_data_dir = "/var/lib/cni/networks";

// "ip" or "ip/length"; the length does not matter.
std::optional<Ip> parse_requested(std::string_view text) {
    if (text.find('/') == text.npos) return Ip::parse(text);
    const auto prefix = Prefix::parse(text);
    if (!prefix) return {};
    return prefix->ip;
}

void add_once(std::vector<Ip>& ips, const Ip& ip) {
    if (std::find(ips.begin(), ips.end(), ip) == ips.end()) ips.push_back(ip);
}

void add_requested(std::vector<Ip>& ips, const std::optional<Json>& list) {
    if (!list) return;
    for (const Json& element : list->as_list()) {
        const std::string text = element.as_string();
        const auto ip = parse_requested(text);
        if (!ip)
            throw Error(Code::invalid_config,
                        text.empty() ? "cannot understand ip: IP <nil> not v4 nor v6"
                                     : cat("invalid IP address ", text),
                        cat("key ", quote(element.path())));
        add_once(ips, *ip);
    }
}

void add_requested_by_args(std::vector<Ip>& ips, std::string_view cni_args) {
    constexpr std::string_view known[] = {"IP"};
    const auto args = parse_cni_args(cni_args, known);
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

// A range set as it is written, its addresses parsed and no rule checked yet.
struct WrittenSet {
    std::string path;
    std::vector<RangeSpec> ranges;
};

WrittenSet parse_written(const Json& json) {
    WrittenSet set{json.path(), {}};
    for (const Json& range : json.as_list()) set.ranges.push_back(parse_range(range));
    return set;
}

std::vector<WrittenSet> written_sets(const NetConf& conf, const Json& ipam) {
    std::vector<WrittenSet> sets;
    if (const auto ranges = conf.runtime_config("ipRanges"))
        for (const Json& set : ranges->as_list()) sets.push_back(parse_written(set));
    if (ipam.prefix("subnet")) sets.push_back({ipam.path(), {parse_range(ipam)}});
    for (const Json& set : ipam.list("ranges")) sets.push_back(parse_written(set));
    return sets;
}

RangeSet make_set(const WrittenSet& written) {
    std::vector<Range> ranges;
    for (const RangeSpec& range : written.ranges) ranges.push_back(Range::make(range));
    return RangeSet::make(std::move(ranges));
}

std::vector<RangeSet> make_sets(const std::vector<WrittenSet>& written) {
    std::vector<RangeSet> sets;
    for (std::size_t i = 0; i < written.size(); ++i) {
        try {
            sets.push_back(make_set(written[i]));
        } catch (const Error& error) {
            throw Error(
                error.code, cat("invalid range set ", i, ": ", error.msg),
                cat(quote(written[i].path), error.details.empty() ? "" : ": ", error.details));
        }
    }
    return sets;
}

}  // namespace

Location Location::parse(const NetConf& conf) {
    const auto ipam = conf.json.find("ipam");
    const std::string dir = ipam && ipam->is_object() ? ipam->string_or("dataDir", "") : "";
    return {.data_dir = dir.empty() ? std::string(default_data_dir) : dir, .network = conf.name};
}

Config Config::parse(const Request& request) {
    const NetConf& conf = request.conf;
    const auto ipam = conf.json.find("ipam");
    if (!ipam) throw Error(Code::invalid_config, "IPAM config missing 'ipam' key");
    ipam->require_object();

    Config config;
    add_requested_by_args(config.requested, request.args.cni_args);
    add_requested(config.requested, conf.cni_args_config("ips"));
    add_requested(config.requested, conf.runtime_config("ips"));
    config.location = Location::parse(conf);
    config.resolv_conf = ipam->string_or("resolvConf", "");
    for (const Json& route : ipam->list("routes")) config.routes.push_back(parse_route(route));
    config.sets = make_sets(written_sets(conf, *ipam));
    if (config.sets.empty())
        throw Error(Code::invalid_config, "no IP ranges specified",
                    "give \"ipam.ranges\", \"ipam.subnet\" or the capability ipRanges");
    require_one_per_family(families_of(config.sets), conf.cni_version);
    require_disjoint(config.sets);
    return config;
}

}  // namespace cni::host_local
