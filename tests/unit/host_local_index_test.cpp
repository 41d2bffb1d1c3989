#include "ipam/host-local/lease_index.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/state_dir.h"

namespace cni::host_local {
namespace {

const std::string name = ".net.index";

IndexEntry entry(std::uint64_t holder, std::uint32_t number) {
    IndexEntry made;
    const std::uint8_t bytes[4] = {10, static_cast<std::uint8_t>(number >> 16),
                                   static_cast<std::uint8_t>(number >> 8),
                                   static_cast<std::uint8_t>(number)};
    made.set_ip(Ip::from_bytes(Family::v4, bytes));
    made.holder = holder;
    made.inode = number;
    return made;
}

class HostLocalIndex : public ::testing::Test {
protected:
    HostLocalIndex() {
        std::string path = ::testing::TempDir() + "indexXXXXXX";
        EXPECT_NE(::mkdtemp(path.data()), nullptr);
        path_ = path;
        dir_ = open_state_dir(path, Holds::files, 0700);
    }
    ~HostLocalIndex() override {
        ::unlinkat(dir_.get(), name.c_str(), 0);
        ::rmdir(path_.c_str());
    }

    LeaseIndex build(const std::vector<IndexEntry>& entries) {
        return LeaseIndex::build(dir_.get(), name, {}, entries);
    }
    std::optional<LeaseIndex> open() { return LeaseIndex::open(dir_.get(), name); }
    Fd file() { return open_at(dir_.get(), name.c_str(), O_RDWR, 0, name); }

    static std::vector<Ip> ips(const std::vector<IndexEntry>& entries) {
        std::vector<Ip> out;
        for (const IndexEntry& found : entries) out.push_back(found.ip());
        return out;
    }

    std::string path_;
    Fd dir_;
};

TEST_F(HostLocalIndex, FindsEveryEntryAfterItWasOpenedAgain) {
    LeaseIndex index = build({entry(1, 1), entry(2, 2), entry(1, 3)});
    index.insert(entry(3, 4));
    ASSERT_TRUE(index.seal(17, 18));
    const auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->header().seal, 17);
    EXPECT_EQ(again->header().sealed_at, 18);
    EXPECT_EQ(again->header().entries, 4u);
    EXPECT_EQ(again->find(1)->size(), 2u);
    EXPECT_EQ(again->find(3)->size(), 1u);
    EXPECT_TRUE(again->find(4)->empty());
}

TEST_F(HostLocalIndex, GrowsWithoutLosingAnything) {
    LeaseIndex index = build({});
    constexpr std::uint32_t count = 5000;
    for (std::uint32_t i = 1; i <= count; ++i) index.insert(entry(i * 0x9e3779b97f4a7c15, i));
    ASSERT_TRUE(index.seal(1, 1));
    const auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->entries().list.size(), count);
    for (std::uint32_t i = 1; i <= count; ++i) {
        const auto found = *again->find(i * 0x9e3779b97f4a7c15);
        ASSERT_EQ(found.size(), 1u) << i;
        ASSERT_EQ(found[0].inode, i);
    }
}

TEST_F(HostLocalIndex, KeepsEntriesOfAnOverflowingPageReachableWhenOthersGo) {
    LeaseIndex index = build({});
    for (std::uint32_t i = 1; i <= 200; ++i) index.insert(entry(7, i));
    for (std::uint32_t i = 1; i <= 199; ++i) index.erase(entry(7, i));
    EXPECT_EQ(ips(*index.find(7)), ips({entry(7, 200)}));
    index.insert(entry(7, 300));
    EXPECT_EQ(index.find(7)->size(), 2u);
    EXPECT_EQ(index.header().entries, 2u);
}

TEST_F(HostLocalIndex, ErasesNothingThatIsNotThere) {
    LeaseIndex index = build({entry(1, 1)});
    index.erase(entry(1, 2));
    index.erase(entry(2, 1));
    EXPECT_EQ(index.entries().list.size(), 1u);
}

TEST_F(HostLocalIndex, HasNoFileWithoutEntries) {
    LeaseIndex index = build({});
    EXPECT_FALSE(open());
    index.insert(entry(1, 1));
    ASSERT_TRUE(index.seal(1, 1));
    EXPECT_TRUE(open());
    index.erase(entry(1, 1));
    EXPECT_FALSE(index.seal(2, 2)) << "it vouches for nothing";
    EXPECT_EQ(list_dir(open_at(AT_FDCWD, path_.c_str(), O_RDONLY, 0, path_), path_).size(), 0u);
}

TEST_F(HostLocalIndex, HashesHoldersDifferentlyInEachFile) {
    IndexHeader one, other;
    one.key = HashKey::random();
    other.key = HashKey::random();
    EXPECT_NE(LeaseIndex::in_memory(one, {}).hash("c1"),
              LeaseIndex::in_memory(other, {}).hash("c1"));
}

class HostLocalIndexPage : public HostLocalIndex {
protected:
    static constexpr std::uint32_t count = 3000;  // in 64 pages
    static constexpr off_t page_size = 4096;

    HostLocalIndexPage() {
        IndexHeader header;
        header.key = HashKey::random();
        std::vector<IndexEntry> entries;
        for (std::uint32_t i = 1; i <= count; ++i) entries.push_back(numbered(i));
        LeaseIndex::build(dir_.get(), name, header, entries);
    }
    static IndexEntry numbered(std::uint32_t i) { return entry(i * 0x9e3779b97f4a7c15, i); }
    std::string content() { return *read_file(cat(path_, "/", name), 1 << 24); }
    void overwrite(const std::string& text) {
        ASSERT_EQ(::ftruncate(file().get(), 0), 0);
        write_all(file().get(), text, name);
    }
    /// Every entry is found where its page is proved, and nothing is made up.
    void expect_truth() {
        const auto index = open();
        ASSERT_TRUE(index);
        std::uint32_t unproved = 0;
        for (std::uint32_t i = 1; i <= count; ++i) {
            const auto found = index->find(numbered(i).holder);
            if (!found)
                ++unproved;
            else
                EXPECT_EQ(found->size(), 1u) << i;
        }
        const auto entries = index->entries();
        EXPECT_GT(unproved, 0u);
        EXPECT_FALSE(entries.complete);
        EXPECT_LE(entries.list.size(), count - unproved);
        EXPECT_GE(entries.list.size() + 64, count - unproved);
    }
    void expect_page_is_not_read(std::size_t page, const std::string& instead) {
        SCOPED_TRACE(cat("page ", page));
        std::string damaged = content();
        damaged.replace(page * page_size, page_size, instead);
        overwrite(damaged);
        expect_truth();
    }
};

TEST_F(HostLocalIndexPage, IsReadOnlyAsItWasWritten) {
    const std::string sound = content();
    std::string flipped = sound.substr(7 * page_size, page_size);
    flipped[100] = static_cast<char>(flipped[100] ^ 1);
    for (const std::string& instead :
         {std::string(page_size, '\0'), std::string(page_size, 'x'), flipped}) {
        expect_page_is_not_read(7, instead);
        overwrite(sound);
    }
}

TEST_F(HostLocalIndexPage, OfAnEarlierMomentIsNotRead) {
    const std::string earlier = content();
    {
        auto index = open();
        index->insert(entry(numbered(1).holder ^ 1ull << 40, 77777));  // into the same page
        ASSERT_TRUE(index->seal(1, 1));
    }
    const std::string later = content();
    ASSERT_EQ(earlier.size(), later.size());
    int changed = 0;
    for (std::size_t page = 1; page < later.size() / page_size; ++page) {
        const std::string before = earlier.substr(page * page_size, page_size);
        if (later.compare(page * page_size, page_size, before) == 0) continue;
        ++changed;
        expect_page_is_not_read(page, before);
        overwrite(later);
    }
    EXPECT_EQ(changed, 2) << "the entry's and that of its proof";
}

TEST_F(HostLocalIndexPage, WhosePageOfSumsIsLostIsNotRead) {
    expect_page_is_not_read(content().size() / page_size - 1, std::string(page_size, '\0'));
}

TEST_F(HostLocalIndexPage, ThatIsDamagedGetsNoNewProof) {
    auto index = open();
    ASSERT_TRUE(index);
    const std::uint64_t page = numbered(1).holder % 64;
    ASSERT_EQ(::pwrite(file().get(), "x", 1, static_cast<off_t>(page + 1) * page_size), 1);
    index->insert(entry(numbered(1).holder, 77777));
    EXPECT_FALSE(index->seal(1, 1));
    index = open();
    index->erase(numbered(1));
    EXPECT_FALSE(index->seal(1, 1));
    EXPECT_FALSE(open()->find(numbered(1).holder));
}

TEST_F(HostLocalIndexPage, IsProvedInALargeIndexToo) {
    IndexHeader header;
    std::vector<IndexEntry> entries;
    constexpr std::uint32_t many = 60'000;  // of which the sums take four pages
    for (std::uint32_t i = 1; i <= many; ++i) entries.push_back(numbered(i));
    LeaseIndex index = LeaseIndex::build(dir_.get(), name, header, entries);
    index.erase(numbered(5));
    index.insert(numbered(many + 1));
    ASSERT_TRUE(index.seal(1, 1));
    const auto again = open();
    EXPECT_TRUE(again->entries().complete);
    EXPECT_EQ(again->entries().list.size(), many);
    EXPECT_EQ(again->find(numbered(many).holder)->size(), 1u);
    EXPECT_EQ(again->find(numbered(many + 1).holder)->size(), 1u);
    EXPECT_EQ(again->find(numbered(5).holder)->size(), 0u);
}

TEST_F(HostLocalIndex, IsRefusedWhenDamaged) {
    build({entry(1, 1)}).seal(5, 5);
    ASSERT_TRUE(open());
    struct stat status;
    ASSERT_EQ(::fstat(file().get(), &status), 0);
    const char junk = 0x55;
    for (off_t at = 0; at < static_cast<off_t>(sizeof(IndexHeader)); ++at) {
        char old = 0;
        ASSERT_EQ(::pread(file().get(), &old, 1, at), 1);
        ASSERT_EQ(::pwrite(file().get(), &junk, 1, at), 1);
        EXPECT_FALSE(open()) << "byte " << at;
        ASSERT_EQ(::pwrite(file().get(), &old, 1, at), 1);
    }
    ASSERT_TRUE(open());
    ASSERT_EQ(::ftruncate(file().get(), status.st_size - 1), 0);
    EXPECT_FALSE(open());
    ASSERT_EQ(::ftruncate(file().get(), 10), 0);
    EXPECT_FALSE(open());
    ASSERT_EQ(::ftruncate(file().get(), 0), 0);
    EXPECT_FALSE(open());
}

TEST_F(HostLocalIndex, IsRefusedWhenOthersMayWriteIt) {
    build({entry(1, 1)}).seal(5, 5);
    ASSERT_EQ(::fchmod(file().get(), 0622), 0);
    EXPECT_FALSE(open());
}

TEST_F(HostLocalIndex, IsNotFollowedThroughASymbolicLink) {
    build({entry(1, 1)}).seal(5, 5);
    ASSERT_EQ(::renameat(dir_.get(), name.c_str(), dir_.get(), "elsewhere"), 0);
    ASSERT_EQ(::symlinkat("elsewhere", dir_.get(), name.c_str()), 0);
    EXPECT_FALSE(open());
    ::unlinkat(dir_.get(), "elsewhere", 0);
}

TEST_F(HostLocalIndex, LivesInMemoryWhenItCannotBeWritten) {
    LeaseIndex index = LeaseIndex::build(-1, name, {}, {entry(1, 1)});
    for (std::uint32_t i = 2; i <= 2000; ++i) index.insert(entry(i, i));
    EXPECT_EQ(index.find(1)->size(), 1u);
    EXPECT_EQ(index.entries().list.size(), 2000u);
    EXPECT_FALSE(index.seal(1, 1));
}

}  // namespace
}  // namespace cni::host_local
