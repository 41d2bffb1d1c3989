#pragma once

#include <vector>

#include "cni/json.h"
#include "range.h"

namespace cni::host_local {

// What a configuration may say about its ranges: for whoever allocates and for cnitool validate.

/// Ranges as they are written: their addresses parsed, no rule checked yet.
struct WrittenRange {
    Json json;
    RangeSpec spec;
};
struct WrittenSet {
    Json json;
    std::vector<WrittenRange> ranges;
};

/// Throw ConfigError for what is no list, object or address.
WrittenRange read_range(const Json& json);
WrittenSet read_range_set(const Json& json);

/// Throw ConfigError for what no range, or set of them, may be.
Range make_range(const WrittenRange& written);
RangeSet make_range_set(const WrittenSet& written);

/// Throws Error(invalid_config) when two of the sets overlap.
void require_disjoint(const std::vector<RangeSet>& sets);

/// Of the addresses that the sets provide.
std::vector<Family> families_of(const std::vector<RangeSet>& sets);

/// Addresses that are never given. Of all ranges: that of one may lie in another.
std::vector<Ip> gateways_of(const std::vector<RangeSet>& sets);

/// What is said of a set without a free address.
std::string exhausted(const RangeSet& set);

}  // namespace cni::host_local
