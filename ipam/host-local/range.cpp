#include "range.h"

#include <algorithm>

#include "base/error.h"

namespace cni::host_local {
namespace {

Prefix usable_subnet(const RangeSpec& spec) {
    const auto invalid = [&](std::string msg) {
        return RangeError(std::move(msg), cat("subnet ", spec.subnet->to_string()), "subnet");
    };
    if (!spec.subnet)
        throw RangeError("IP <nil> not v4 nor v6", "the range has no \"subnet\"", "subnet");
    const Prefix& subnet = *spec.subnet;
    if (spec.mapped) throw invalid("IPNet IP and Mask version mismatch");
    if (subnet.network() != subnet)
        throw invalid(cat("Network has host bits set. For a subnet mask of length ", subnet.length,
                          " the network address is ", subnet.network().ip.to_string()));
    return subnet;
}

// Where all of them are for hosts, but for the gateway.
bool is_small(const Prefix& subnet) {
    return subnet.length >= subnet.ip.bits() - 1;
}

Ip first_host(const Prefix& subnet) {
    return is_small(subnet) ? subnet.ip : *subnet.ip.next();
}

Ip default_start(const RangeSpec& spec) {
    return spec.whole ? spec.subnet->ip : first_host(*spec.subnet);
}

Ip default_end(const RangeSpec& spec) {
    const Prefix& subnet = *spec.subnet;
    const bool has_broadcast = subnet.ip.is_v4() && !spec.whole && !is_small(subnet);
    return has_broadcast ? *subnet.last().previous() : subnet.last();
}

std::optional<Ip> default_gateway(const Prefix& subnet) {
    if (subnet.length == subnet.ip.bits()) return {};
    return first_host(subnet);
}

}  // namespace

Range Range::make(const RangeSpec& spec) {
    const Prefix subnet = usable_subnet(spec);
    const Range range{.subnet = subnet,
                      .start = spec.start.value_or(default_start(spec)),
                      .end = spec.end.value_or(default_end(spec)),
                      .gateway = spec.gateway ? spec.gateway : default_gateway(subnet)};
    const std::string network = cat(" not in network ", subnet.to_string());
    const std::string start = range.start.to_string(), end = range.end.to_string();
    const std::string order = cat("the range would begin with ", start, " and end with ", end);
    if (!subnet.contains(range.start))
        throw RangeError(cat("RangeStart ", start, network), {}, "rangeStart");
    if (spec.start && range.start > range.end)
        throw RangeError(cat("RangeStart ", start, network), order, "rangeStart");
    if (!subnet.contains(range.end))
        throw RangeError(cat("RangeEnd ", end, network), {}, "rangeEnd");
    if (range.end < range.start)
        throw RangeError(cat("RangeEnd ", end, network), order, "rangeEnd");
    return range;
}

std::string Range::to_string() const {
    return cat(start.to_string(), "-", end.to_string());
}

RangeSet RangeSet::make(std::vector<Range> ranges) {
    if (ranges.empty()) throw Error(Code::invalid_config, "empty range set");
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].subnet.ip.family() != ranges[0].subnet.ip.family())
            throw Error(Code::invalid_config, "mixed address families",
                        cat(ranges[0].to_string(), " and ", ranges[i].to_string()));
        for (std::size_t j = 0; j < i; ++j)
            if (ranges[j].overlaps(ranges[i]))
                throw Error(Code::invalid_config, cat("subnets ", ranges[j].to_string(), " and ",
                                                      ranges[i].to_string(), " overlap"));
    }
    return RangeSet(std::move(ranges));
}

const Range* RangeSet::find(const Ip& ip) const {
    const auto found =
        std::ranges::find_if(ranges_, [&](const Range& range) { return range.contains(ip); });
    return found == ranges_.end() ? nullptr : &*found;
}

bool RangeSet::overlaps(const RangeSet& other) const {
    return std::ranges::any_of(ranges_, [&](const Range& mine) {
        return std::ranges::any_of(other.ranges_,
                                   [&](const Range& range) { return mine.overlaps(range); });
    });
}

std::string RangeSet::to_string() const {
    std::vector<std::string> texts;
    for (const Range& range : ranges_) texts.push_back(range.to_string());
    return join(texts, ",");
}

std::vector<Stretch> RangeSet::round_robin(const std::optional<Ip>& last) const {
    const Range* at = last ? find(*last) : nullptr;
    const std::size_t begin = at ? static_cast<std::size_t>(at - ranges_.data()) : 0;
    std::vector<Stretch> stretches;
    if (at && *last < at->end) stretches.push_back({*last->next(), at->end});
    for (std::size_t i = at ? 1 : 0; i < ranges_.size(); ++i) {
        const Range& range = ranges_[(begin + i) % ranges_.size()];
        stretches.push_back({range.start, range.end});
    }
    if (at) stretches.push_back({at->start, *last});
    return stretches;
}

}  // namespace cni::host_local
