#pragma once

#include "clock.h"
#include "options6.h"

namespace cni::dhcp {

/// An address and until when it may be used. A plain value, to be stored and restored as it is.
/// Which prefix is on the link, and where routes lead, routers say and not servers: the address is
/// a /128.
struct Lease6 {
    Ip address = Ip::any(Family::v6);
    Bytes server = {};  ///< its DUID: whom to ask for more time
    Time start = {};    ///< when it was asked for
    /// T1, T2, the end of the preferred lifetime and that of the valid one; `never` of unlimited
    /// ones.
    Time renew = {}, rebind = {}, deprecate = {}, expire = {};
    Options6 options = {};  ///< those of the message that somebody reads
    bool operator==(const Lease6&) const = default;
};

/// The lease that an Advertise or a Reply brings for the interface `ia`, or why it is none. Of
/// several addresses it is the `wished` one, else the first that is valid for any time. T1 and T2
/// that the server leaves to the client, or that come too late, are 50 and 80 % of the preferred
/// lifetime (RFC 8415, 21.4); of a deprecated address, of the valid one. A T1 that is told counts
/// as half a minute at least, or as half of a lifetime that is shorter than a minute.
Parsed<Lease6> lease_of(const Message6& message, std::uint32_t ia, Time start,
                        const std::optional<Ip>& wished);

/// Whether it says that the address is not to be used any more: valid for no time.
bool takes_away(const Message6& message, std::uint32_t ia, const Ip& address);

}  // namespace cni::dhcp
