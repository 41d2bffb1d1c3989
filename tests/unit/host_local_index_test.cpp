#include "host-local/lease_index.h"

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
    EXPECT_EQ(again->find(1).size(), 2u);
    EXPECT_EQ(again->find(3).size(), 1u);
    EXPECT_TRUE(again->find(4).empty());
}

TEST_F(HostLocalIndex, GrowsWithoutLosingAnything) {
    LeaseIndex index = build({});
    constexpr std::uint32_t count = 5000;
    for (std::uint32_t i = 1; i <= count; ++i) index.insert(entry(i * 0x9e3779b97f4a7c15, i));
    ASSERT_TRUE(index.seal(1, 1));
    const auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->entries().size(), count);
    for (std::uint32_t i = 1; i <= count; ++i) {
        const auto found = again->find(i * 0x9e3779b97f4a7c15);
        ASSERT_EQ(found.size(), 1u) << i;
        ASSERT_EQ(found[0].inode, i);
    }
}

TEST_F(HostLocalIndex, KeepsEntriesOfAnOverflowingPageReachableWhenOthersGo) {
    LeaseIndex index = build({});
    for (std::uint32_t i = 1; i <= 200; ++i) index.insert(entry(7, i));
    for (std::uint32_t i = 1; i <= 199; ++i) index.erase(entry(7, i));
    EXPECT_EQ(ips(index.find(7)), ips({entry(7, 200)}));
    index.insert(entry(7, 300));
    EXPECT_EQ(index.find(7).size(), 2u);
    EXPECT_EQ(index.header().entries, 2u);
}

TEST_F(HostLocalIndex, ErasesNothingThatIsNotThere) {
    LeaseIndex index = build({entry(1, 1)});
    index.erase(entry(1, 2));
    index.erase(entry(2, 1));
    EXPECT_EQ(index.entries().size(), 1u);
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
    build({}).seal(5, 5);
    ASSERT_EQ(::fchmod(file().get(), 0622), 0);
    EXPECT_FALSE(open());
}

TEST_F(HostLocalIndex, IsNotFollowedThroughASymbolicLink) {
    build({}).seal(5, 5);
    ASSERT_EQ(::renameat(dir_.get(), name.c_str(), dir_.get(), "elsewhere"), 0);
    ASSERT_EQ(::symlinkat("elsewhere", dir_.get(), name.c_str()), 0);
    EXPECT_FALSE(open());
    ::unlinkat(dir_.get(), "elsewhere", 0);
}

TEST_F(HostLocalIndex, LivesInMemoryWhenItCannotBeWritten) {
    LeaseIndex index = LeaseIndex::build(-1, name, {}, {entry(1, 1)});
    for (std::uint32_t i = 2; i <= 2000; ++i) index.insert(entry(i, i));
    EXPECT_EQ(index.find(1).size(), 1u);
    EXPECT_EQ(index.entries().size(), 2000u);
    EXPECT_FALSE(index.seal(1, 1));
}

}  // namespace
}  // namespace cni::host_local
