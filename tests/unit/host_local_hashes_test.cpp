#include "ipam/host-local/hashes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "ipam/host-local/boot_mark.h"

namespace cni::host_local {
namespace {

TEST(HostLocalHash, IsSipHash13) {
    char bytes[16];
    for (int i = 0; i < 16; ++i) bytes[i] = static_cast<char>(i);
    HashKey key;
    std::memcpy(&key, bytes, sizeof key);
    EXPECT_EQ(keyed_hash(key, ""), 0xabac0158050fc4dc);
    EXPECT_EQ(keyed_hash(key, std::string(1, '\0')), 0xc9f49bf37d57ca93);
}

TEST(HostLocalHash, DependsOnTheWholeKey) {
    EXPECT_NE(keyed_hash({1, 2}, "c1"), keyed_hash({1, 3}, "c1"));
    EXPECT_NE(keyed_hash({1, 2}, "c1"), keyed_hash({2, 2}, "c1"));
}

using Boot = BootMark::Boot;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t now = 1'900'000'000 * second + 123'456'789;

// A lease with this mtime; the kernel stamps the change of it.
FileStamp stamp(std::int64_t modified, std::int64_t changed = now) {
    return {.inode = 1, .changed = changed, .modified = modified};
}

TEST(HostLocalBootMark, TellsTheBootOfALease) {
    const BootMark mark(0x1111, 0x2222), later(0x1111, 0x3333);
    for (const std::int64_t at : {now, now + 17 * second, now + 40 * second + 5}) {
        const auto modified = mark.mtime(at);
        ASSERT_TRUE(modified);
        EXPECT_LE(*modified, at);
        EXPECT_GT(*modified, at - 64 * second);
        EXPECT_EQ(mark.read(stamp(*modified, at + 1)), Boot::current);
        EXPECT_EQ(later.read(stamp(*modified, at + 1)), Boot::earlier);
    }
}

TEST(HostLocalBootMark, IsOfOneMachine) {
    const auto modified = BootMark(0x1111, 0x2222).mtime(now);
    EXPECT_EQ(BootMark(0x1112, 0x3333).read(stamp(*modified)), Boot::unknown);
    EXPECT_EQ(BootMark(0x1112, 0x2222).read(stamp(*modified)), Boot::unknown);
}

TEST(HostLocalBootMark, IsNotInAFileThatSomethingElseWrote) {
    const BootMark mark(0x1111, 0x2222);
    const std::int64_t modified = *mark.mtime(now);
    EXPECT_EQ(mark.read(stamp(now)), Boot::unknown) << "the kernel's own stamp";
    EXPECT_EQ(mark.read(stamp(modified, modified)), Boot::unknown) << "which hit it by chance";
    EXPECT_EQ(mark.read(stamp(modified - 1'000'000)), Boot::unknown);
    EXPECT_EQ(mark.read(stamp(modified, now + 3600 * second)), Boot::unknown) << "changed later";
    EXPECT_EQ(mark.read(stamp(-1, -1)), Boot::unknown);
}

TEST(HostLocalBootMark, NeedsToKnowMachineAndBoot) {
    for (const BootMark& mark : {BootMark(), BootMark(0, 5), BootMark(5, 0)}) {
        EXPECT_FALSE(mark.mtime(now));
        EXPECT_EQ(mark.read(stamp(now - second)), Boot::unknown);
    }
    EXPECT_FALSE(BootMark(1, 2).mtime(5 * second)) << "nothing is before the epoch";
}

}  // namespace
}  // namespace cni::host_local
