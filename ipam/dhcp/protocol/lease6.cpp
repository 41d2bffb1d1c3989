#include "lease6.h"

#include <algorithm>

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t unlimited6 = 0xffffffff;

Time after(Time start, std::uint32_t length) {
    return length == unlimited6 ? never : start + seconds(length);
}

// What is left out, or comes when it is too late.
std::uint32_t chosen(std::uint32_t told, std::uint32_t of, unsigned percent) {
    if (told != 0 && told <= of) return told;
    if (of == unlimited6) return unlimited6;
    return std::max(static_cast<std::uint32_t>(std::uint64_t{of} * percent / 100),
                    std::uint32_t{1});
}

// A server that has everybody ask each second is a neighbour who wants us to be busy.
std::uint32_t least_renewal(std::uint32_t of) {
    return std::min(std::uint32_t{30}, of / 2);
}

void set_times(Lease6& lease, const IaNa& ia, const IaAddress& address) {
    const std::uint32_t of = address.preferred != 0 ? address.preferred : address.valid;
    const std::uint32_t renew = std::max(chosen(ia.renew, of, 50), least_renewal(of));
    const std::uint32_t rebind = chosen(ia.rebind, of, 80);
    lease.renew = after(lease.start, renew);
    lease.rebind = after(lease.start, std::max(renew, rebind));
    lease.deprecate = after(lease.start, address.preferred);
    lease.expire = after(lease.start, address.valid);
}

const IaAddress* choose(const IaNa& ia, const std::optional<Ip>& wished) {
    const auto is_valid = [](const IaAddress& each) { return each.valid != 0; };
    const auto is_wished = [&](const IaAddress& each) {
        return is_valid(each) && each.address == wished;
    };
    auto found = std::ranges::find_if(ia.addresses, is_wished);
    if (found == ia.addresses.end()) found = std::ranges::find_if(ia.addresses, is_valid);
    return found == ia.addresses.end() ? nullptr : &*found;
}

}  // namespace

Parsed<Lease6> lease_of(const Message6& message, std::uint32_t ia_id, Time start,
                        const std::optional<Ip>& wished) {
    if (const Status6 status = status_in(message.options); status != Status6::success)
        return Malformed{name_of(status)};
    const auto ia = find_ia(message.options, ia_id);
    if (!ia) return Malformed{"nothing is said of the interface"};
    if (ia->status != Status6::success) return Malformed{name_of(ia->status)};
    const IaAddress* address = choose(*ia, wished);
    const Bytes* server = find(message.options, option6::server_id);
    if (!address || !server) return Malformed{"there is no address that a host can have"};
    Lease6 lease{.address = address->address, .server = *server, .start = start};
    set_times(lease, *ia, *address);
    lease.options = options_of_use(message.options);
    return lease;
}

bool takes_away(const Message6& message, std::uint32_t ia_id, const Ip& address) {
    const auto ia = find_ia(message.options, ia_id);
    return ia && status_in(message.options) == Status6::success &&
           std::ranges::any_of(ia->addresses, [&](const IaAddress& each) {
               return each.address == address && each.valid == 0;
           });
}

}  // namespace cni::dhcp
