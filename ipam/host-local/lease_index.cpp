#include "lease_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/passing.h"

namespace cni::host_local {
namespace {

using State = IndexEntry::State;

IndexEntry* find_state(IndexPage& page, State state) {
    const auto found = std::ranges::find(page, state, &IndexEntry::state);
    return found == page.end() ? nullptr : &*found;
}

// Entries that did not fit in a page are in the next one: a page with an empty entry ends the
// search.
bool is_last(const IndexPage& page) {
    return std::ranges::find(page, State::empty, &IndexEntry::state) != page.end();
}

bool put_in(IndexPage& page, const IndexEntry& entry) {
    IndexEntry* place = find_state(page, State::removed);
    if (!place) place = find_state(page, State::empty);
    if (place) *place = entry;
    return place;
}

bool is_something(const IndexEntry& entry) {
    return entry.in_use() || entry.is_hint() || entry.is_block();
}

bool same_lease(const IndexEntry& a, const IndexEntry& b) {
    return a.state == b.state && a.holder == b.holder && a.address == b.address;
}

// At most three quarters full, so that pages hardly ever overflow.
bool holds(std::uint64_t pages, std::uint64_t entries) {
    return entries <= pages * std::tuple_size_v<IndexPage> / 4 * 3;
}

// The newer of two about the same first.
bool precedes(const IndexEntry& a, const IndexEntry& b) {
    const auto about = [](const IndexEntry& e) { return std::tuple(e.state, e.holder, e.address); };
    if (about(a) != about(b)) return about(a) < about(b);
    return static_cast<std::int32_t>(a.turn - b.turn) > 0;
}

// Each once, and the newest half of what is too much.
std::vector<IndexEntry> trimmed(std::vector<IndexEntry> hints, std::uint64_t turn) {
    std::ranges::sort(hints, precedes);
    hints.erase(std::unique(hints.begin(), hints.end(), same_lease), hints.end());
    if (hints.size() <= LeaseIndex::most_hints) return hints;
    const auto age = [&](const IndexEntry& hint) {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(turn) - hint.turn);
    };
    std::ranges::sort(hints, {}, age);
    hints.resize(LeaseIndex::most_hints / 2);
    return hints;
}

std::vector<IndexPage> to_pages(const std::vector<IndexEntry>& entries) {
    std::uint64_t count = IndexFile::least_pages;
    while (!holds(count, entries.size() + 1)) count *= 2;
    if (count > IndexFile::most_pages) throw SysError("build the lease index", EFBIG);
    std::vector<IndexPage> pages(count);
    for (const IndexEntry& entry : entries) {
        std::uint64_t number = entry.holder;
        while (!put_in(pages[number & (count - 1)], entry)) ++number;
    }
    return pages;
}

}  // namespace

std::optional<LeaseIndex> LeaseIndex::open(int dir, const std::string& name) {
    Fd fd(::openat(dir, name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    // One that is there tells what no other file does: of which boot a lease is.
    if (!fd && is_passing(errno)) checked(-1, "open ", name);
    if (!fd) return {};
    auto file = IndexFile::open(std::move(fd));
    if (!file) return {};
    LeaseIndex index(*std::move(file));
    index.dir_ = dir;
    index.name_ = name;
    return index;
}

LeaseIndex LeaseIndex::build(int dir, const std::string& name, const IndexHeader& header,
                             const std::vector<IndexEntry>& entries) {
    if (dir < 0) return in_memory(header, entries);
    try {
        return replace(dir, name, header, entries);
    } catch (const SysError&) {
        return in_memory(header, entries);
    }
}

LeaseIndex LeaseIndex::in_memory(const IndexHeader& header,
                                 const std::vector<IndexEntry>& entries) {
    LeaseIndex index;
    index.file_.header = header;
    index.memory_ = entries;
    return index;
}

LeaseIndex LeaseIndex::replace(int dir, const std::string& name, const IndexHeader& header,
                               const std::vector<IndexEntry>& entries) {
    LeaseIndex index;
    index.file_.header = header;
    index.dir_ = dir;
    index.name_ = name;
    index.file_.header.entries = entries.size();
    index.file_.header.hints =
        static_cast<std::uint64_t>(std::ranges::count_if(entries, &IndexEntry::is_hint));
    index.file_.header.pages = 0;
    if (entries.empty()) return index;
    // The lock is held, so one name is enough, and what a killed process left goes with it.
    const std::string temporary = name + ".new";
    ::unlinkat(dir, temporary.c_str(), 0);
    Fd file = open_at(dir, temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, name);
    try {
        index.file_ = IndexFile::write(std::move(file), index.file_.header, to_pages(entries));
        checked(::renameat(dir, temporary.c_str(), dir, name.c_str()), "rename into ", name);
    } catch (...) {
        ::unlinkat(dir, temporary.c_str(), 0);
        throw;
    }
    return index;
}

void LeaseIndex::remove(int dir, const std::string& name) {
    ::unlinkat(dir, name.c_str(), 0);
    ::unlinkat(dir, (name + ".new").c_str(), 0);
}

std::optional<std::vector<IndexEntry>> LeaseIndex::find_any(std::uint64_t hash) const {
    std::vector<IndexEntry> found;
    const auto collect = [&](const auto& entries) {
        for (const IndexEntry& entry : entries)
            if (is_something(entry) && entry.holder == hash) found.push_back(entry);
    };
    if (memory_) {
        collect(*memory_);
        return found;
    }
    for (std::uint64_t step = 0; step < header().pages; ++step) {
        const auto page = file_.read_page(hash + step);
        if (!page) return {};
        collect(*page);
        if (is_last(*page)) break;
    }
    return found;
}

std::optional<std::vector<IndexEntry>> LeaseIndex::find(std::uint64_t holder) const {
    auto found = find_any(holder);
    if (found) std::erase_if(*found, [](const IndexEntry& entry) { return !entry.in_use(); });
    return found;
}

std::vector<IndexEntry> LeaseIndex::find_hints(std::uint64_t hash) const noexcept try {
    if (!memory_ && header().hints == 0) return {};
    auto found = find_any(hash);
    hides_hints_ = hides_hints_ || !found;
    if (!found) return {};
    std::erase_if(*found, [](const IndexEntry& entry) { return !entry.is_hint(); });
    return *std::move(found);
} catch (const std::exception&) {
    return {};
}

std::optional<IndexEntry> LeaseIndex::find_block(const IndexEntry& like) const noexcept try {
    for (const IndexEntry& entry : find_any(like.holder).value_or(std::vector<IndexEntry>{}))
        if (same_lease(entry, like)) return entry;
    return {};
} catch (const std::exception&) {
    return {};
}

std::vector<IndexEntry> LeaseIndex::hints() const {
    std::vector<IndexEntry> all;
    const auto collect = [&](const auto& entries) {
        for (const IndexEntry& entry : entries)
            if (entry.is_hint() && entry.proof == entry.proof_by(header().key))
                all.push_back(entry);
    };
    if (memory_) collect(*memory_);
    for (std::uint64_t number = 0; number < header().pages; ++number) {
        if (file_.is_unused(number)) continue;
        if (const auto page = file_.read_unproved(number)) collect(*page);
    }
    return trimmed(std::move(all), header().turn);
}

LeaseIndex::Entries LeaseIndex::entries() const {
    Entries all;
    const auto collect = [&](const auto& entries) {
        std::ranges::copy_if(entries, std::back_inserter(all.list), &IndexEntry::in_use);
        std::ranges::copy_if(entries, std::back_inserter(all.blocks), &IndexEntry::is_block);
    };
    if (memory_) collect(*memory_);
    all.list.reserve(header().entries);
    for (std::uint64_t number = 0; number < header().pages; ++number) {
        if (file_.is_unused(number)) continue;
        const auto page = file_.read_page(number);
        all.complete = all.complete && page;
        if (page) collect(*page);
    }
    return all;
}

void LeaseIndex::grow(const IndexEntry& entry) {
    auto all = entries();
    const auto hints = this->hints();
    all.list.insert(all.list.end(), hints.begin(), hints.end());
    all.list.insert(all.list.end(), all.blocks.begin(), all.blocks.end());
    if (!all.complete) file_.header.mapped = 0;
    all.list.push_back(entry);
    const bool failed = failed_ || !all.complete;
    *this = build(dir_, name_, header(), all.list);
    failed_ = failed_ || failed;
}

void LeaseIndex::count(const IndexEntry& entry, std::uint64_t more) {
    file_.header.entries += more;
    if (entry.is_hint()) file_.header.hints += more;
}

// False when no page that is proved has room.
bool LeaseIndex::put(const IndexEntry& entry) {
    for (std::uint64_t step = 0; step < header().pages; ++step) {
        const std::uint64_t number = entry.holder + step;
        auto page = file_.read_page(number);
        if (!page) return false;
        if (!put_in(*page, entry)) continue;
        file_.write_page(number, *page);
        count(entry, 1);
        return true;
    }
    return false;
}

void LeaseIndex::insert(const IndexEntry& entry) try {
    if (memory_)
        memory_->push_back(entry);
    else if (!holds(header().pages, header().entries + 1))
        grow(entry);
    else if (!put(entry))
        failed_ = true;
} catch (const std::exception&) {
    failed_ = true;
}

// In one step: killed, one of the two is there. `instead` is null for none.
LeaseIndex::Change LeaseIndex::change(const IndexEntry& entry, const IndexEntry* instead) {
    for (std::uint64_t step = 0; step < header().pages; ++step) {
        auto page = file_.read_page(entry.holder + step);
        if (!page) return Change::not_proved;
        const bool last = is_last(*page);
        const auto found = std::ranges::find_if(
            *page, [&](const IndexEntry& other) { return same_lease(other, entry); });
        if (found != page->end()) {
            *found = instead ? *instead : IndexEntry{};
            if (!instead && !last) found->state = State::removed;
            file_.write_page(entry.holder + step, *page);
            if (!instead) count(entry, std::uint64_t{0} - 1);
            return Change::made;
        }
        if (last) break;
    }
    return Change::not_there;
}

void LeaseIndex::erase(const IndexEntry& entry) try {
    if (memory_)
        std::erase_if(*memory_, [&](const IndexEntry& other) { return same_lease(other, entry); });
    else if (change(entry, nullptr) == Change::not_proved)
        failed_ = true;
} catch (const std::exception&) {
    failed_ = true;
}

void LeaseIndex::overwrite(const IndexEntry& entry) try {
    const Change changed = memory_ ? Change::not_there : change(entry, &entry);
    if (memory_) erase(entry);
    if (changed == Change::not_there) insert(entry);
    if (changed != Change::not_proved) return;
    failed_ = true;
    hides_hints_ = hides_hints_ || entry.is_hint();
} catch (const std::exception&) {
    failed_ = true;
}

void LeaseIndex::put_hint(IndexEntry hint) {
    hint.turn = static_cast<std::uint32_t>(++file_.header.turn);
    hint.proof = hint.proof_by(header().key);
    overwrite(hint);
}

bool LeaseIndex::seal(std::int64_t mtime, std::int64_t now) try {
    if (memory_ || failed_) return false;
    if (header().entries == 0) {
        remove(dir_, name_);
        return false;
    }
    file_.header.seal = mtime;
    file_.header.sealed_at = now;
    file_.write_header();
    return true;
} catch (const SysError&) {
    return false;
}

}  // namespace cni::host_local
