#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "net/ip.h"

namespace cni::host_local {

/// What the index knows of one lease. Also its form on disk, in the machine's byte order.
struct IndexEntry {
    std::uint64_t holder = 0;  ///< hash of the holder's text
    std::uint64_t inode = 0;   ///< of the lease file
    std::int64_t changed = 0;  ///< its ctime, ns since the epoch
    std::uint64_t boot = 0;    ///< the boot in which this program made it; 0: made by another
    std::array<std::uint8_t, 16> address{};
    enum class State : std::uint32_t { empty, removed, v4, v6 } state = State::empty;
    std::uint32_t unused[3] = {};

    void set_ip(const Ip& ip);
    /// Only of entries in use.
    Ip ip() const;
    bool in_use() const { return state == State::v4 || state == State::v6; }
};
static_assert(sizeof(IndexEntry) == 64);

/// What the index knows of the directory as a whole. Also its form on disk.
struct IndexHeader {
    std::uint64_t magic = 0;
    std::uint64_t pages = 0;     ///< of entries; a power of two
    std::uint64_t entries = 0;   ///< in use
    std::int64_t seal = 0;       ///< the directory's mtime as we set it last, ns since the epoch
    std::int64_t sealed_at = 0;  ///< the kernel's coarse clock then, ns since the epoch
    std::uint64_t boot = 0;      ///< the boot in which it was sealed
    std::uint64_t machine = 0;   ///< 0: unknown
    std::uint64_t shared = 0;    ///< not 0: two machines have used the directory
    std::uint64_t checksum = 0;  ///< over all of the above
};

/// A hash table in a file, from holders to leases: a lookup or a change reads and writes one page
/// of 4 KiB, whatever the number of leases. It is a hint only: what it says is proved by the lease
/// files, and it can be built from them at any time. Not having it is never an error; when the
/// file cannot be written, a file in memory takes its place for the rest of the call.
///
/// The caller holds the lock of the lease directory. Reading throws SysError when the disk fails;
/// changing never throws, see seal().
class LeaseIndex {
public:
    /// nullopt when there is none, or none that can be used: not a regular file of this user,
    /// writable by others, of another size or version than it says, damaged. Throws SysError when
    /// it cannot be read for the moment (base/passing.h).
    static std::optional<LeaseIndex> open(int dir, const std::string& name);
    /// An index of these entries that replaces the file in one step. Of `header`, the fields that
    /// describe the table are filled in.
    static LeaseIndex build(int dir, const std::string& name, IndexHeader header,
                            const std::vector<IndexEntry>& entries);

    /// One that lasts as long as the object, and vouches for nothing later.
    static LeaseIndex in_memory(IndexHeader header, const std::vector<IndexEntry>& entries);

    const IndexHeader& header() const { return header_; }
    /// The entries that may be the holder's.
    std::vector<IndexEntry> find(std::uint64_t holder) const;
    /// All entries in use.
    std::vector<IndexEntry> entries() const;

    void insert(const IndexEntry& entry);
    /// No-op when it is not there.
    void erase(const IndexEntry& entry);

    /// Records the directory's mtime to be. False when the index cannot vouch for the directory,
    /// since writing it failed.
    bool seal(std::int64_t mtime, std::int64_t now);

private:
    struct Page;
    LeaseIndex(Fd file, const IndexHeader& header) : file_(std::move(file)), header_(header) {}
    static std::optional<LeaseIndex> from_file(Fd file);
    static LeaseIndex replace(int dir, const std::string& name, const IndexHeader& header,
                              const std::vector<IndexEntry>& entries);
    void write_new(const std::vector<IndexEntry>& entries);
    void read_pages(std::uint64_t number, Page* pages, std::size_t count) const;
    Page read_page(std::uint64_t number) const;
    void write_page(std::uint64_t number, const Page& page);
    void write_header();

    int dir_ = -1;  // not owned; -1 for an index in memory
    std::string name_;
    Fd file_;
    IndexHeader header_;
    bool failed_ = false;
};

}  // namespace cni::host_local
