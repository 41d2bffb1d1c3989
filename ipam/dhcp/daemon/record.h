#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../config.h"
#include "../protocol/lease4.h"
#include "../protocol/lease6.h"
#include "container/place.h"

namespace cni::dhcp {

/// Whose lease it is: one interface of a container in one network.
struct Holder {
    std::string container_id, network, ifname;

    /// "c1/net1/eth0": for the log, and what the server is told. The parts hold no slash, so it is
    /// nobody else's.
    std::string text() const;
    /// As option 61: type 0 and the text, as the reference has it. One that is too long for an
    /// option ends in a hash of the whole instead.
    Bytes client_id() const;
    /// Who it is to servers of IPv6: the container, by a hash of its id (a DUID-UUID), and which of
    /// its interfaces, by a hash of network and name.
    Bytes duid() const;
    std::uint32_t ia() const;
    auto operator<=>(const Holder&) const = default;
};

/// All that is kept of an attachment, for this daemon and for the one after it.
struct Record {
    Holder holder;
    std::string netns;  ///< path, as this daemon finds it
    Place place;        ///< proves that the interface is the one that the lease was got for
    Mac mac;            ///< that the server knows
    Options4 provided;
    std::vector<std::uint8_t> requested;
    std::int64_t priority = 0;
    bool wants_broadcast = false;
    std::optional<Lease4> lease;
    Leases wanted = Leases::ipv4;
    Options6 provided6 = {};
    std::vector<std::uint16_t> requested6 = {};
    std::optional<Lease6> lease6 = {};
    /// Of a lease before, which the interface may bear still: the daemon was about to take them
    /// off.
    std::vector<Prefix> stale = {};

    bool operator==(const Record&) const = default;
};

std::string print(const Record& record);
/// What print() has printed. Throws Error(invalid_config or decoding_failure).
Record parse_record(std::string_view text);

}  // namespace cni::dhcp
