#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lease_index.h"

namespace cni::host_local {

/// What is remembered of addresses beyond their leases: since when one rests, and who had it. All
/// of it are hints in the index: one that is lost is a preference that is not met, and never an
/// address.
///
/// Time is that of the machine since it was started, sleep included (CLOCK_BOOTTIME): nobody can
/// set it. Of what was released in an earlier boot only the time of this one counts, since no clock
/// is known to tell how long the machine was off. A moment that is still to come is none.
class Memory {
public:
    /// `boot` as current_boot(). The index must outlive the object.
    Memory(LeaseIndex& index, std::uint64_t boot) : index_(index), boot_(boot) {}

    /// How long an address still rests that is to rest `cooldown`, both in s; 0: no longer.
    std::int64_t rest_left(const Ip& ip, std::int64_t cooldown) const;
    struct Rest {
        Ip ip;
        std::int64_t left;  ///< s, not 0
    };
    std::vector<Rest> resting(std::int64_t cooldown) const;
    /// An address rests from now on.
    void begin_rest(const Ip& ip);

    /// The addresses that an owner had last and that nobody else was seen to have since.
    std::vector<Ip> had_by(std::string_view owner) const;
    /// An owner has an address, in place of `former` ones that had_by() told.
    void keep(std::string_view owner, const Ip& ip, const std::vector<Ip>& former);
    /// Somebody who is not to come back has an address.
    void disown(const Ip& ip);

    /// The hints for the index that replaces a former one. If addresses rest, so do those of leases
    /// that the former one knew and that are no longer among `leases`: whoever released them, or
    /// since this boot if it was the end of an earlier one.
    static std::vector<IndexEntry> carried_over(const LeaseIndex& former, std::uint64_t boot,
                                                const std::vector<IndexEntry>& leases, bool rests);

private:
    std::uint64_t hash_of(const Ip& ip) const;
    std::uint64_t hash_of(std::string_view owner) const;
    /// As it is remembered, or without any memory.
    IndexEntry place_of(const Ip& ip) const;
    std::int64_t rest_left(const IndexEntry& place, std::int64_t cooldown) const;
    void put_place(const IndexEntry& place);

    LeaseIndex& index_;
    std::uint64_t boot_;
};

}  // namespace cni::host_local
