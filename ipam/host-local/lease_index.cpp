#include "lease_index.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/passing.h"
#include "lease.h"

namespace cni::host_local {

namespace {
constexpr std::uint64_t magic = 0x31784965736165ff;  // changes with the layout
constexpr std::size_t page_size = 4096;
constexpr std::size_t page_entries = page_size / sizeof(IndexEntry);
constexpr std::uint64_t least_pages = 16;
constexpr std::uint64_t most_pages = 1u << 24;
constexpr std::size_t bulk_pages = 16;  // read at once when all are
}  // namespace

struct LeaseIndex::Page {
    std::array<IndexEntry, page_entries> entries;

    IndexEntry* find_state(IndexEntry::State state) {
        for (IndexEntry& entry : entries)
            if (entry.state == state) return &entry;
        return nullptr;
    }
    // Entries that did not fit in a page are in the next one: a page with an empty entry ends the
    // search.
    bool is_last() const {
        return std::any_of(entries.begin(), entries.end(), [](const IndexEntry& entry) {
            return entry.state == IndexEntry::State::empty;
        });
    }
    bool put(const IndexEntry& entry) {
        IndexEntry* place = find_state(IndexEntry::State::removed);
        if (!place) place = find_state(IndexEntry::State::empty);
        if (place) *place = entry;
        return place;
    }
};

namespace {

std::uint64_t checksum(const IndexHeader& header) {
    return hash({reinterpret_cast<const char*>(&header), offsetof(IndexHeader, checksum)});
}

// At most three quarters full, so that pages hardly ever overflow.
bool holds(std::uint64_t pages, std::uint64_t entries) {
    return entries <= pages * page_entries / 4 * 3;
}

bool is_sound(const IndexHeader& header, off_t size) {
    return header.magic == magic && header.checksum == checksum(header) &&
           std::has_single_bit(header.pages) && header.pages <= most_pages &&
           holds(header.pages, header.entries) &&
           static_cast<std::uint64_t>(size) == (header.pages + 1) * page_size;
}

off_t page_offset(std::uint64_t number) {
    return static_cast<off_t>((number + 1) * page_size);
}

void write_at(int file, const void* bytes, std::size_t size, off_t offset) {
    const ssize_t n = check(::pwrite(file, bytes, size, offset), "write the lease index");
    if (static_cast<std::size_t>(n) != size) throw SysError("write the lease index", ENOSPC);
}

bool same_lease(const IndexEntry& a, const IndexEntry& b) {
    return a.state == b.state && a.holder == b.holder && a.address == b.address;
}

}  // namespace

void IndexEntry::set_ip(const Ip& ip) {
    state = ip.is_v4() ? State::v4 : State::v6;
    address.fill(0);
    std::memcpy(address.data(), ip.data(), ip.size());
}

Ip IndexEntry::ip() const {
    return Ip::from_bytes(state == State::v4 ? Family::v4 : Family::v6, address.data());
}

std::optional<LeaseIndex> LeaseIndex::open(int dir, const std::string& name) {
    Fd file(::openat(dir, name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    // One that is there tells what no other file does: of which boot a lease is.
    if (!file && is_passing(errno)) check(-1, "open ", name);
    struct stat status;
    if (!file || ::fstat(file.get(), &status) < 0) return {};
    const bool is_ours = status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
    if (!is_ours) return {};
    auto index = from_file(std::move(file));
    if (index) {
        index->dir_ = dir;
        index->name_ = name;
    }
    return index;
}

std::optional<LeaseIndex> LeaseIndex::from_file(Fd file) {
    struct stat status;
    IndexHeader header;
    if (::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode)) return {};
    const ssize_t n = ::pread(file.get(), &header, sizeof header, 0);
    if (n < 0 && is_passing(errno)) check(n, "read the lease index");
    if (n != sizeof header) return {};
    if (!is_sound(header, status.st_size)) return {};
    return LeaseIndex(std::move(file), header);
}

LeaseIndex LeaseIndex::build(int dir, const std::string& name, IndexHeader header,
                             const std::vector<IndexEntry>& entries) {
    if (dir < 0) return in_memory(header, entries);
    try {
        return replace(dir, name, header, entries);
    } catch (const SysError&) {
        return in_memory(header, entries);
    }
}

LeaseIndex LeaseIndex::in_memory(IndexHeader header, const std::vector<IndexEntry>& entries) {
    LeaseIndex index(Fd(check(::memfd_create("lease index", MFD_CLOEXEC), "make a memory file")),
                     header);
    index.write_new(entries);
    index.failed_ = true;
    return index;
}

LeaseIndex LeaseIndex::replace(int dir, const std::string& name, const IndexHeader& header,
                               const std::vector<IndexEntry>& entries) {
    // The lock is held, so one name is enough, and what a killed process left goes with it.
    const std::string temporary = name + ".new";
    ::unlinkat(dir, temporary.c_str(), 0);
    LeaseIndex index(
        open_at(dir, temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, name),
        header);
    try {
        index.write_new(entries);
        check(::renameat(dir, temporary.c_str(), dir, name.c_str()), "rename into ", name);
    } catch (...) {
        ::unlinkat(dir, temporary.c_str(), 0);
        throw;
    }
    index.dir_ = dir;
    index.name_ = name;
    return index;
}

void LeaseIndex::write_new(const std::vector<IndexEntry>& entries) {
    header_.magic = magic;
    header_.entries = entries.size();
    header_.pages = least_pages;
    while (!holds(header_.pages, entries.size() + 1)) header_.pages *= 2;

    std::vector<Page> pages(header_.pages);
    for (const IndexEntry& entry : entries) {
        std::uint64_t number = entry.holder;
        while (!pages[number & (header_.pages - 1)].put(entry)) ++number;
    }
    // Untouched pages stay holes.
    check(::ftruncate(file_.get(), page_offset(header_.pages)), "extend the lease index");
    for (std::uint64_t number = 0; number < header_.pages; ++number)
        if (pages[number].entries[0].in_use()) write_page(number, pages[number]);
    write_header();
}

void LeaseIndex::read_pages(std::uint64_t number, Page* pages, std::size_t count) const {
    const std::size_t size = count * sizeof(Page);
    const ssize_t n =
        check(::pread(file_.get(), pages, size, page_offset(number)), "read the lease index");
    if (static_cast<std::size_t>(n) != size) throw SysError("read the lease index", EIO);
}

LeaseIndex::Page LeaseIndex::read_page(std::uint64_t number) const {
    Page page;
    read_pages(number, &page, 1);
    return page;
}

void LeaseIndex::write_page(std::uint64_t number, const Page& page) {
    write_at(file_.get(), &page, sizeof page, page_offset(number));
}

void LeaseIndex::write_header() {
    header_.checksum = checksum(header_);
    write_at(file_.get(), &header_, sizeof header_, 0);
}

std::vector<IndexEntry> LeaseIndex::find(std::uint64_t holder) const {
    std::vector<IndexEntry> found;
    for (std::uint64_t step = 0; step < header_.pages; ++step) {
        const Page page = read_page((holder + step) & (header_.pages - 1));
        for (const IndexEntry& entry : page.entries)
            if (entry.in_use() && entry.holder == holder) found.push_back(entry);
        if (page.is_last()) break;
    }
    return found;
}

std::vector<IndexEntry> LeaseIndex::entries() const {
    static_assert(least_pages % bulk_pages == 0);
    std::vector<IndexEntry> all;
    all.reserve(header_.entries);
    std::vector<Page> pages(bulk_pages);
    for (std::uint64_t number = 0; number < header_.pages; number += bulk_pages) {
        read_pages(number, pages.data(), pages.size());
        for (const Page& page : pages)
            std::copy_if(page.entries.begin(), page.entries.end(), std::back_inserter(all),
                         [](const IndexEntry& entry) { return entry.in_use(); });
    }
    return all;
}

void LeaseIndex::insert(const IndexEntry& entry) try {
    if (!holds(header_.pages, header_.entries + 1)) {
        auto all = entries();
        all.push_back(entry);
        *this = build(dir_, name_, header_, all);
        return;
    }
    for (std::uint64_t step = 0; step < header_.pages; ++step) {
        const std::uint64_t number = (entry.holder + step) & (header_.pages - 1);
        Page page = read_page(number);
        if (!page.put(entry)) continue;
        write_page(number, page);
        ++header_.entries;
        return;
    }
    failed_ = true;  // damaged: no page has room
} catch (const SysError&) {
    failed_ = true;
}

void LeaseIndex::erase(const IndexEntry& entry) try {
    for (std::uint64_t step = 0; step < header_.pages; ++step) {
        const std::uint64_t number = (entry.holder + step) & (header_.pages - 1);
        Page page = read_page(number);
        const bool last = page.is_last();
        const auto found = std::find_if(page.entries.begin(), page.entries.end(),
                                        [&](const IndexEntry& e) { return same_lease(e, entry); });
        if (found != page.entries.end()) {
            *found = IndexEntry{};
            if (!last) found->state = IndexEntry::State::removed;
            write_page(number, page);
            --header_.entries;
            return;
        }
        if (last) return;
    }
} catch (const SysError&) {
    failed_ = true;
}

bool LeaseIndex::seal(std::int64_t mtime, std::int64_t now) try {
    if (failed_) return false;
    header_.seal = mtime;
    header_.sealed_at = now;
    write_header();
    return true;
} catch (const SysError&) {
    return false;
}

}  // namespace cni::host_local
