#include "lease4.h"

#include <algorithm>

#include "options4.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t unlimited = 0xffffffff;
constexpr std::uint32_t usual_lease_time = 3600;

bool is_host_of(const Prefix& prefix) {
    constexpr int shortest_without_broadcast = 31;
    const bool is_end = prefix.ip == prefix.network().ip || prefix.ip == prefix.last();
    return is_host_address(prefix.ip) && (prefix.length >= shortest_without_broadcast || !is_end);
}

// A server that has everybody ask each second is a neighbour who wants us to be busy.
Duration least_renewal(seconds length) {
    return std::min<Duration>(seconds(30), Duration(length) / 2);
}

void set_times(Lease4& lease, const Options4& options, seconds length, const Random& random) {
    const auto told = [&](std::uint8_t code) { return find_u32(options, code).value_or(0); };
    Duration renew = seconds(told(option4::renewal_time));
    Duration rebind = seconds(told(option4::rebinding_time));
    if (rebind == Duration() || rebind > length) rebind = Duration(length) * 7 / 8;
    if (renew == Duration() || renew > rebind) {
        renew = Duration(length) / 2;
        renew -= Duration(random() % (renew.count() / 8 + 1));
    } else {
        renew = std::max(renew, least_renewal(length));
    }
    lease.renew = lease.start + renew;
    lease.rebind = lease.start + std::max(rebind, renew);
    lease.expire = lease.start + length;
}

}  // namespace

Parsed<Lease4> lease_of(const Message4& ack, Time start, const Lease4* renewed,
                        const Random& random) {
    auto length = prefix_length(ack.options);
    if (!length && renewed) length = renewed->address.length;
    if (!length) return Malformed{"DHCP option Subnet Mask not found in DHCPACK"};
    const auto server = find_address(ack.options, option4::server_id);
    Lease4 lease{{ack.yours, *length}, server.value_or(Ip()), start, never, never, never, {}};
    if (!is_host_of(lease.address)) return Malformed{"no host can have the address"};
    lease.options = options_of_use(ack.options);
    const auto time = find_u32(ack.options, option4::lease_time).value_or(usual_lease_time);
    if (time == 0) return Malformed{"the lease is for no time"};
    if (time != unlimited) set_times(lease, ack.options, seconds(time), random);
    return lease;
}

}  // namespace cni::dhcp
