#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cni/result.h"
#include "loop.h"
#include "record.h"
#include "wire.h"

namespace cni::dhcp {

/// How the daemon was told to ask servers.
struct Manners {
    Duration first_wait = std::chrono::seconds(4);
    Duration longest_wait = std::chrono::seconds(62);
    Duration patience = std::chrono::seconds(208);
};

class Side;

/// Who has sides, and is told what becomes of their leases. None of this may destroy a side but
/// settle().
class SideOwner {
public:
    virtual ~SideOwner() = default;
    virtual const Record& record() const = 0;
    /// There is a lease from now on, a first one, or one in place of what was there.
    virtual void bound(Side& side) = 0;
    virtual void lost(Side& side, const std::string& reason) = 0;
    /// There will be no lease.
    virtual void failed(const std::string& reason) = 0;
    /// The interface is not there any more.
    virtual void gone() = 0;
    /// Something for the log.
    virtual void say(std::string_view what) const = 0;
    /// Whether what this side says now is the last word, and whence it leaves.
    virtual Hurry hurry(const Side& side) const = 0;
    /// A packet, or a moment, has been dealt with.
    virtual void settle() = 0;
};

/// The lease of one family that an interface is to have: its client, and the sockets by which that
/// talks. These hold the network namespace, while it talks to a server and no longer.
class Side {
public:
    Side() = default;
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    virtual ~Side() = default;

    virtual Family family() const = 0;

    /// Tries for a first lease.
    virtual void start() = 0;
    /// Goes on with the lease of the record. One that the interface does not bear is asked for; one
    /// that is lost is replaced.
    virtual void resume() = 0;
    /// Gives back what there is, and ends.
    virtual void release() = 0;

    /// What the lease says that may be used now; nullopt: there is none.
    virtual std::optional<Result> result() const = 0;
    /// What the link is to take at most, in bytes, if the lease says so and was asked.
    virtual std::optional<int> mtu() const = 0;
    /// Of the lease, for the log.
    virtual std::string description() const = 0;
    /// Writes the lease, or that there is none, into a record.
    virtual void put(Record& record) const = 0;

    Result borne;  ///< what the interface was given of it
};

/// `loop` and `owner` must outlive it.
std::unique_ptr<Side> make_side(Family family, Loop& loop, SideOwner& owner,
                                const Manners& manners);

}  // namespace cni::dhcp
