#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "hashes.h"
#include "net/ip.h"

namespace cni::host_local {

/// What the index knows of one lease. Also its form on disk, in the machine's byte order.
///
/// Or a hint (memory.h): about a place, which is an address, or about an owner, namely which
/// address he had. Nothing else proves it, so it bears a proof of its own. Or a block of the map of
/// what is taken (occupancy.h), with its bits in place of inode and ctime.
struct IndexEntry {
    std::uint64_t holder = 0;  ///< hash of the holder's text; of a hint: of what it is about
    std::uint64_t inode = 0;   ///< of the lease file; of a place: hash of its owner, 0 of none
    /// ctime of the lease file, ns since the epoch; of a place: since when it rests, ns since
    /// `boot`, or `never`.
    std::int64_t changed = 0;
    std::uint64_t boot = 0;  ///< the boot in which this program made it; 0: made by another
    std::array<std::uint8_t, 16> address{};
    enum class State : std::uint32_t {
        empty,
        removed,
        v4,
        v6,
        place_v4,
        place_v6,
        owner_v4,
        owner_v6,
        block_v4,
        block_v6
    } state = State::empty;
    std::uint32_t turn = 0;   ///< of a hint: IndexHeader::turn when it was made, shortened
    std::uint64_t proof = 0;  ///< of a hint: over all of the above

    static constexpr std::int64_t never = -1;

    void set_ip(const Ip& ip);
    void set_place(const Ip& ip);
    void set_owned(const Ip& ip);
    void set_block(const Ip& base);
    /// Only of those that are not empty or removed.
    Ip ip() const;
    bool in_use() const { return state == State::v4 || state == State::v6; }
    bool is_place() const { return state == State::place_v4 || state == State::place_v6; }
    bool is_block() const { return state == State::block_v4 || state == State::block_v6; }
    bool is_hint() const { return state >= State::place_v4 && state <= State::owner_v6; }
    std::uint64_t proof_by(const HashKey& key) const;
};
static_assert(sizeof(IndexEntry) == 64);

/// 4 KiB.
using IndexPage = std::array<IndexEntry, 64>;

/// What the index knows of the directory as a whole. Also its form on disk.
struct IndexHeader {
    std::uint64_t magic = 0;
    std::uint64_t pages = 0;     ///< of entries; a power of two; 0: there is no file
    std::uint64_t entries = 0;   ///< all that are not empty or removed
    std::int64_t seal = 0;       ///< the directory's mtime as we set it last, ns since the epoch
    std::int64_t sealed_at = 0;  ///< the kernel's coarse clock then, ns since the epoch
    std::uint64_t boot = 0;      ///< the boot in which it was sealed
    std::uint64_t machine = 0;   ///< 0: unknown
    std::uint64_t shared = 0;    ///< not 0: two machines have used the directory
    HashKey key;                 ///< of all hashes in the file
    std::uint64_t hints = 0;     ///< how many of the entries are
    std::uint64_t turn = 0;      ///< how many hints were made, ever
    std::uint64_t mapped = 0;    ///< not 0: all that is taken is on the map
    std::array<std::uint64_t, 256> roots{};  ///< hashes of the pages of sums
    std::uint64_t checksum = 0;              ///< over all of the above
};

/// The file of the index: a header, pages of entries, and behind them pages with the hash ("sum")
/// of each page of entries. The header proves the pages of sums, these prove the others: a page
/// that is of another moment than the header, or was never written, is not read.
///
/// Functions throw SysError when the disk fails; where the file is just not what it should be, they
/// return nothing.
class IndexFile {
public:
    static constexpr std::uint64_t least_pages = 16;
    static constexpr std::uint64_t most_pages = std::uint64_t{1} << 17;
    static constexpr std::uint64_t sums_per_page = 512;

    /// None.
    IndexFile() = default;
    /// Takes over a file that is open for reading and writing; nullopt when its header is damaged
    /// or of an unknown version, or its size wrong. Throws only for what is passing
    /// (base/passing.h).
    static std::optional<IndexFile> open(Fd file);
    /// Writes a whole file, into one that is empty. `header` says all but magic and roots.
    static IndexFile write(Fd file, const IndexHeader& header, const std::vector<IndexPage>& pages);

    explicit operator bool() const { return static_cast<bool>(file_); }
    /// False for a file of version 0.1.0. Nothing proves the pages of one, and its hashes are
    /// others.
    bool is_current() const;

    /// Page `number` (modulo their number); nullopt when it is not proved.
    std::optional<IndexPage> read_page(std::uint64_t number) const;
    /// Whatever it is: for what proves itself.
    std::optional<IndexPage> read_unproved(std::uint64_t number) const;
    /// Proved to have no entries, without reading it.
    bool is_unused(std::uint64_t number) const;
    /// Only after the page has been read.
    void write_page(std::uint64_t number, const IndexPage& page);
    /// Until then what was written is not part of the file.
    void write_header();

    IndexHeader header;

private:
    using Sums = std::array<std::uint64_t, sums_per_page>;

    std::uint64_t hash(const void* bytes, std::size_t size) const;
    bool read_at(void* bytes, std::size_t size, std::uint64_t place) const;
    std::uint64_t number_of(std::uint64_t number) const { return number & (header.pages - 1); }
    bool load_sums(std::uint64_t number) const;
    void write_sums(std::uint64_t number);

    Fd file_;
    // The page of sums that was used last: nearly always the only one.
    mutable std::unique_ptr<Sums> sums_ = std::make_unique_for_overwrite<Sums>();
    mutable std::optional<std::uint64_t> loaded_;
    mutable std::optional<std::uint64_t> sum_of_unused_;
};

}  // namespace cni::host_local
