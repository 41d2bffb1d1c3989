#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "lease_index.h"
#include "stretch.h"

namespace cni::host_local {

/// A map of the addresses that are taken, in the index: 128 of them in a block, and 128 blocks in
/// one of the second level, which tells those that are full. So the lowest free address among ten
/// thousand that are taken is found in two blocks, and every sixteen thousand cost one more.
///
/// It is kept once somebody has asked for it, for as long as the index is not made anew. What it
/// says is proved by the lease files: an address that it believes to be free may be taken, and
/// whoever finds none by it has to look again without it.
class Occupancy {
public:
    /// The index must outlive the object.
    explicit Occupancy(LeaseIndex& index) : index_(index) {}

    bool is_kept() const { return index_.header().mapped != 0; }
    /// Makes the map. No-op where the index does not last.
    void chart(const std::vector<Ip>& taken);

    enum class Place { free, taken };
    /// What became of an address; no-op while there is no map.
    void note(const Ip& ip, Place place);
    /// The first address of a stretch that is free by the map.
    std::optional<Ip> next_free(const Stretch& stretch) const;

private:
    static constexpr int bits_of_a_level = 7;
    static constexpr int places = 1 << bits_of_a_level;

    struct Block {
        Ip base;
        int level;
        std::array<std::uint64_t, 2> bits{};

        void set(int place, Place to);
        bool is_full() const { return (bits[0] & bits[1]) == ~std::uint64_t{0}; }
        bool is_empty() const { return (bits[0] | bits[1]) == 0; }
        /// `places` when there is none from `place` on.
        int next_free(int place) const;
        Ip last() const;
    };
    static int place_of(const Ip& ip, int level);
    static Block block_of(const Ip& ip, int level);
    IndexEntry entry_of(const Block& block) const;
    Block read(const Ip& ip, int level) const;
    void write(const Block& block);

    LeaseIndex& index_;
};

}  // namespace cni::host_local
