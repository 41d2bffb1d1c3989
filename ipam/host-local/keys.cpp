#include "cni/version.h"
#include "range_sets.h"
#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

using host_local::Range;
using host_local::RangeSet;

bool is_list(const std::optional<Json>& json) {
    return json && json->is_array();
}

// nullopt when ADD would refuse it. What is no address is reported by the tables.
std::optional<host_local::RangeSpec> spec_of(const Json& json) {
    try {
        return host_local::parse_range(json);
    } catch (const Error&) {
        return {};
    }
}

std::optional<Range> check_range(const Json& json, Problems& problems) {
    const auto spec = spec_of(json);
    if (!spec || !spec->subnet) return {};
    try {
        return Range::make(*spec);
    } catch (const host_local::RangeError& error) {
        problems.error(json.find(error.key).value_or(json), error.what());
        return {};
    }
}

std::optional<RangeSet> check_set(const Json& at, const std::vector<Json>& list,
                                  Problems& problems) {
    std::vector<Range> ranges;
    for (const Json& json : list)
        if (const auto range = check_range(json, problems)) ranges.push_back(*range);
    std::optional<RangeSet> set;
    if (ranges.size() == list.size())
        problems.attempt(at, [&] { set = RangeSet::make(std::move(ranges)); });
    return set;
}

// The sets of the configuration; nullopt when one of them is wrong.
std::optional<std::vector<RangeSet>> check_sets(const Json& ipam, Problems& problems) {
    std::vector<std::optional<RangeSet>> made;
    if (!text_of(ipam, "subnet").empty()) made.push_back(check_set(ipam, {ipam}, problems));
    const auto ranges = ipam.find("ranges");
    for (const Json& set : is_list(ranges) ? ranges->as_list() : std::vector<Json>{})
        made.push_back(set.is_array() ? check_set(set, set.as_list(), problems) : std::nullopt);
    std::vector<RangeSet> sets;
    for (const auto& set : made)
        if (set) sets.push_back(*set);
    if (sets.size() != made.size()) return {};
    return sets;
}

// The runtime brings sets through a capability.
bool has_sets_of_runtime(const Json& plugin) {
    const auto capabilities = plugin.find("capabilities");
    return capabilities && is_on(*capabilities, "ipRanges");
}

void check_host_local(const Json& ipam, const Json& plugin, Problems& problems) {
    if (text_of(ipam, "subnet").empty())
        for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway"})
            if (const auto value = ipam.find(key))
                problems.warning(*value,
                                 cat(quote(key), " without \"subnet\" beside it is ignored"));
    const auto ranges = ipam.find("ranges");
    const bool has_sets =
        ipam.find("subnet") || (ranges && !(is_list(ranges) && ranges->as_list().empty()));
    if (!has_sets && !has_sets_of_runtime(plugin))
        problems.error(ipam, cat(describe(ipam), " needs the key \"subnet\" or \"ranges\""));
    const auto sets = check_sets(ipam, problems);
    if (!sets) return;
    problems.attempt(ipam, [&] { host_local::require_disjoint(*sets); });
    if (const RangeSet* set = host_local::find_exhausted(*sets, {}))
        problems.error(ipam, host_local::exhausted(*set));
}

void require_expressible(const Json& ipam, const std::string& version) {
    Problems reported_before("", "");
    if (const auto sets = check_sets(ipam, reported_before))
        require_one_per_family(host_local::families_of(*sets), version);
}

constexpr Key range_keys[] = {
    {"subnet", cidr, true}, {"rangeStart", ip}, {"rangeEnd", ip}, {"gateway", ip}};
constexpr ObjectSchema range_schema{range_keys};
constexpr Type range = object(range_schema);
constexpr Type range_set = list_of(range);

constexpr Key keys[] = {{"type", text},
                        {"subnet", cidr},
                        {"rangeStart", ip},
                        {"rangeEnd", ip},
                        {"gateway", ip},
                        {"ranges", list_of(range_set)},
                        {"routes", list_of(route)},
                        {"dataDir", text},
                        {"resolvConf", text}};
const IpamKeys known("host-local", keys, check_host_local, require_expressible);

}  // namespace
}  // namespace cni
