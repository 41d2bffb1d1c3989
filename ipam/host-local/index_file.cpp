#include "index_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "base/passing.h"

namespace cni::host_local {
namespace {

// They change with the layout.
constexpr std::uint64_t magic = 0x33784965736165ff;
constexpr std::uint64_t magic_0_1_0 = 0x31784965736165ff;
constexpr std::size_t page_size = sizeof(IndexPage);
static_assert(sizeof(IndexHeader) <= page_size);
static_assert(std::tuple_size_v<decltype(IndexHeader::roots)> * IndexFile::sums_per_page ==
              IndexFile::most_pages);
static_assert(std::has_unique_object_representations_v<IndexHeader>);
static_assert(std::has_unique_object_representations_v<IndexEntry>);

constexpr std::size_t checked_bytes = offsetof(IndexHeader, checksum);
// That version had neither key nor roots.
constexpr std::size_t checked_bytes_0_1_0 = offsetof(IndexHeader, key);

std::string_view bytes_of(const IndexHeader& header, std::size_t size) {
    return {reinterpret_cast<const char*>(&header), size};
}

std::uint64_t sum_pages(std::uint64_t pages) {
    return (pages + IndexFile::sums_per_page - 1) / IndexFile::sums_per_page;
}

off_t offset_of(std::uint64_t page) {
    return static_cast<off_t>((page + 1) * page_size);
}

std::optional<std::uint64_t> size_in_pages(const IndexHeader& header) {
    if (!std::has_single_bit(header.pages) || header.pages > IndexFile::most_pages ||
        header.entries > header.pages * std::tuple_size_v<IndexPage>)
        return {};
    if (header.magic == magic &&
        header.checksum == keyed_hash(header.key, bytes_of(header, checked_bytes)))
        return 1 + header.pages + sum_pages(header.pages);
    // The checksum stood where the key is now.
    if (header.magic == magic_0_1_0 &&
        header.key.first == hash_of_id(bytes_of(header, checked_bytes_0_1_0)))
        return 1 + header.pages;
    return {};
}

void write_at(int file, const void* bytes, std::size_t size, off_t offset) {
    const ssize_t n = checked(::pwrite(file, bytes, size, offset), "write the lease index");
    if (static_cast<std::size_t>(n) != size) throw SysError("write the lease index", ENOSPC);
}

bool has_nothing(const IndexPage& page) {
    constexpr IndexPage unused{};
    return std::memcmp(&page, &unused, sizeof page) == 0;
}

}  // namespace

void IndexEntry::set_ip(const Ip& ip) {
    state = ip.is_v4() ? State::v4 : State::v6;
    address.fill(0);
    std::memcpy(address.data(), ip.data(), ip.size());
}

void IndexEntry::set_place(const Ip& ip) {
    set_ip(ip);
    state = ip.is_v4() ? State::place_v4 : State::place_v6;
}

void IndexEntry::set_owned(const Ip& ip) {
    set_ip(ip);
    state = ip.is_v4() ? State::owner_v4 : State::owner_v6;
}

void IndexEntry::set_block(const Ip& base) {
    set_ip(base);
    state = base.is_v4() ? State::block_v4 : State::block_v6;
}

Ip IndexEntry::ip() const {
    const bool is_v4 = state == State::v4 || state == State::place_v4 || state == State::owner_v4 ||
                       state == State::block_v4;
    return Ip::from_bytes(is_v4 ? Family::v4 : Family::v6, address.data());
}

std::uint64_t IndexEntry::proof_by(const HashKey& key) const {
    return keyed_hash(key, {reinterpret_cast<const char*>(this), offsetof(IndexEntry, proof)});
}

std::optional<IndexFile> IndexFile::open(Fd file) {
    struct stat status;
    if (::fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode)) return {};
    const bool is_ours = status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
    if (!is_ours) return {};
    IndexFile index;
    index.file_ = std::move(file);
    const ssize_t n = ::pread(index.file_.get(), &index.header, sizeof index.header, 0);
    if (n < 0 && is_passing(errno)) checked(n, "read the lease index");
    if (n != sizeof index.header) return {};
    const auto pages = size_in_pages(index.header);
    if (!pages || static_cast<std::uint64_t>(status.st_size) != *pages * page_size) return {};
    return index;
}

IndexFile IndexFile::write(Fd file, const IndexHeader& header,
                           const std::vector<IndexPage>& pages) {
    IndexFile index;
    index.file_ = std::move(file);
    index.header = header;
    index.header.magic = magic;
    index.header.pages = pages.size();
    const std::uint64_t of_sums = sum_pages(pages.size());
    checked(::ftruncate(index.file_.get(), offset_of(pages.size() + of_sums)),
            "extend the lease index");
    const IndexPage unused{};
    const std::uint64_t sum_of_unused = index.hash(&unused, sizeof unused);
    for (std::uint64_t sums = 0; sums < of_sums; ++sums) {
        index.sums_->fill(sum_of_unused);
        for (std::uint64_t i = 0; i < sums_per_page && sums * sums_per_page + i < pages.size();
             ++i) {
            const std::uint64_t number = sums * sums_per_page + i;
            if (has_nothing(pages[number])) continue;  // stays a hole
            write_at(index.file_.get(), &pages[number], page_size, offset_of(number));
            (*index.sums_)[i] = index.hash(&pages[number], page_size);
        }
        index.write_sums(sums);
    }
    index.write_header();
    return index;
}

bool IndexFile::is_current() const {
    return header.magic == magic;
}

std::uint64_t IndexFile::hash(const void* bytes, std::size_t size) const {
    return keyed_hash(header.key, {static_cast<const char*>(bytes), size});
}

bool IndexFile::read_at(void* bytes, std::size_t size, std::uint64_t place) const {
    const ssize_t n = ::pread(file_.get(), bytes, size, offset_of(place));
    if (n < 0 && is_passing(errno)) checked(n, "read the lease index");
    return n == static_cast<ssize_t>(size);
}

bool IndexFile::load_sums(std::uint64_t number) const {
    if (loaded_ == number) return true;
    loaded_.reset();
    if (!read_at(sums_.get(), sizeof *sums_, header.pages + number) ||
        hash(sums_.get(), sizeof *sums_) != header.roots[number])
        return false;
    loaded_ = number;
    return true;
}

void IndexFile::write_sums(std::uint64_t number) {
    write_at(file_.get(), sums_.get(), sizeof *sums_, offset_of(header.pages + number));
    header.roots[number] = hash(sums_.get(), sizeof *sums_);
    loaded_ = number;
}

std::optional<IndexPage> IndexFile::read_page(std::uint64_t number) const {
    number = number_of(number);
    IndexPage page;
    if (!is_current())
        return read_at(&page, page_size, number) ? std::optional(page) : std::nullopt;
    if (!load_sums(number / sums_per_page) || !read_at(&page, page_size, number) ||
        hash(&page, page_size) != (*sums_)[number % sums_per_page])
        return {};
    return page;
}

std::optional<IndexPage> IndexFile::read_unproved(std::uint64_t number) const {
    IndexPage page;
    if (!read_at(&page, page_size, number_of(number))) return {};
    return page;
}

bool IndexFile::is_unused(std::uint64_t number) const {
    number = number_of(number);
    if (!is_current() || !load_sums(number / sums_per_page)) return false;
    if (!sum_of_unused_) {
        const IndexPage unused{};
        sum_of_unused_ = hash(&unused, sizeof unused);
    }
    return (*sums_)[number % sums_per_page] == *sum_of_unused_;
}

void IndexFile::write_page(std::uint64_t number, const IndexPage& page) {
    number = number_of(number);
    if (!load_sums(number / sums_per_page)) throw SysError("read the lease index", EIO);
    write_at(file_.get(), &page, page_size, offset_of(number));
    (*sums_)[number % sums_per_page] = hash(&page, page_size);
    write_sums(number / sums_per_page);
}

void IndexFile::write_header() {
    header.checksum = keyed_hash(header.key, bytes_of(header, checked_bytes));
    write_at(file_.get(), &header, sizeof header, 0);
}

}  // namespace cni::host_local
