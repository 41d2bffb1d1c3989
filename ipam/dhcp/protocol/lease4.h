#pragma once

#include "clock.h"
#include "message4.h"

namespace cni::dhcp {

/// An address and until when it may be used. A plain value, to be stored and restored as it is.
struct Lease4 {
    Prefix address;  ///< with the length of its subnet
    Ip server;       ///< option 54: whom to ask for more time
    Time start;      ///< when it was asked for: RFC 2131, 4.4.1
    /// T1, T2 and the end; `never` of an unlimited one.
    Time renew, rebind, expire;
    Options4 options;  ///< what the server said that is of use; options4.h reads them
    bool operator==(const Lease4&) const = default;
};

/// The lease that an ACK brings, or why it is none: no subnet mask, an address that no host can
/// have, no time. A time that is missing is an hour; T1 and T2, if they are missing or not in
/// order, are what RFC 2131, 4.4.5, says, T1 up to an eighth sooner: clients that came together
/// do not ask together. A T1 that is told counts as half a minute at least, or as half of what is
/// shorter than a minute. What renews a lease may leave out the mask.
Parsed<Lease4> lease_of(const Message4& ack, Time start, const Lease4* renewed,
                        const Random& random);

}  // namespace cni::dhcp
