#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/ip.h"
#include "stretch.h"

namespace cni::host_local {

/// What is wrong with a range. Error(invalid_config).
class RangeError : public Error {
public:
    RangeError(std::string msg_, std::string details_, std::string_view key_)
        : Error(Code::invalid_config, std::move(msg_), std::move(details_)), key(key_) {}
    std::string_view key;  ///< at fault, as configurations write it
};

/// A range as a configuration writes it. Only the subnet is needed; what else is not given is
/// derived from it.
struct RangeSpec {
    std::optional<Prefix> subnet;
    bool mapped = false;  ///< the subnet is written as IPv4-mapped IPv6
    std::optional<Ip> start, end, gateway;
    /// No address of the subnet is put aside: it has no link on which that of the network or of
    /// all hosts would mean anything.
    bool whole = false;
};

/// The addresses start..end (both included) of a subnet. The gateway is never handed out; it need
/// not lie in the subnet.
struct Range {
    Prefix subnet;
    Ip start, end;
    std::optional<Ip> gateway;

    /// Start and gateway default to the first host address; the end to the one before the
    /// broadcast address in IPv4, to the last address in IPv6. A whole subnet is all of it, and so
    /// are two addresses, of which the first is the gateway (RFC 3021, RFC 6164), and one, which
    /// has none. Throws RangeError.
    static Range make(const RangeSpec& spec);

    bool contains(const Ip& ip) const { return start <= ip && ip <= end; }
    bool overlaps(const Range& other) const { return start <= other.end && other.start <= end; }
    /// "10.1.2.1-10.1.2.254"
    std::string to_string() const;
};

/// Disjoint ranges of one family: a set provides one address per attachment.
class RangeSet {
public:
    /// Throws Error(invalid_config) when empty, of mixed families or overlapping.
    static RangeSet make(std::vector<Range> ranges);

    Family family() const { return ranges_.front().subnet.ip.family(); }
    const std::vector<Range>& ranges() const { return ranges_; }
    /// The range an address belongs to; null when none.
    const Range* find(const Ip& ip) const;
    bool overlaps(const RangeSet& other) const;
    /// Ranges joined by commas.
    std::string to_string() const;

    /// All addresses of the set in round-robin order: those behind `last`, then the ranges that
    /// follow, around to `last` itself. From the first range on when `last` is not in the set.
    std::vector<Stretch> round_robin(const std::optional<Ip>& last) const;

private:
    explicit RangeSet(std::vector<Range> ranges) : ranges_(std::move(ranges)) {}
    std::vector<Range> ranges_;
};

}  // namespace cni::host_local
