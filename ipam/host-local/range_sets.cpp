#include "range_sets.h"

#include <algorithm>

#include "base/error.h"

namespace cni::host_local {

WrittenRange read_range(const Json& json) {
    const auto subnet = json.require_object().prefix("subnet");
    const bool has_colon = json.string_or("subnet", "").find(':') != std::string::npos;
    return {.json = json,
            .spec = {.subnet = subnet,
                     .mapped = subnet && subnet->ip.is_v4() && has_colon,
                     .start = json.ip("rangeStart"),
                     .end = json.ip("rangeEnd"),
                     .gateway = json.ip("gateway"),
                     .whole = json.bool_or("wholeSubnet", false)}};
}

WrittenSet read_range_set(const Json& json) {
    WrittenSet set{json, {}};
    for (const Json& range : json.as_list()) set.ranges.push_back(read_range(range));
    return set;
}

Range make_range(const WrittenRange& written) {
    try {
        return Range::make(written.spec);
    } catch (const RangeError& error) {
        throw ConfigError(written.json.find(error.key).value_or(written.json), error.msg,
                          error.details);
    }
}

RangeSet make_range_set(const WrittenSet& written) {
    std::vector<Range> ranges;
    for (const WrittenRange& range : written.ranges) ranges.push_back(make_range(range));
    try {
        return RangeSet::make(std::move(ranges));
    } catch (const Error& error) {
        throw ConfigError(written.json, error.msg, error.details);
    }
}

void require_disjoint(const std::vector<RangeSet>& sets) {
    for (std::size_t i = 0; i < sets.size(); ++i)
        for (std::size_t j = i + 1; j < sets.size(); ++j)
            if (sets[i].overlaps(sets[j]))
                throw Error(Code::invalid_config, cat("range set ", i, " overlaps with ", j),
                            cat(sets[i].to_string(), " and ", sets[j].to_string()));
}

std::vector<Family> families_of(const std::vector<RangeSet>& sets) {
    std::vector<Family> families;
    for (const RangeSet& set : sets) families.push_back(set.family());
    return families;
}

std::vector<Ip> gateways_of(const std::vector<RangeSet>& sets) {
    std::vector<Ip> gateways;
    for (const RangeSet& set : sets)
        for (const Range& range : set.ranges())
            if (range.gateway) gateways.push_back(*range.gateway);
    return gateways;
}

std::string exhausted(const RangeSet& set) {
    return cat("no IP addresses available in range set: ", set.to_string());
}

}  // namespace cni::host_local
