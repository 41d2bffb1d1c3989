// What host-local remembers of addresses beyond their leases, in the file of its index.
#include "ipam/host-local/memory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/file.h"
#include "base/state_dir.h"
#include "ipam/host-local/occupancy.h"

namespace cni::host_local {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string name = ".net.index";
constexpr std::uint64_t boot = 7;
constexpr std::int64_t hour = 3600;

Ip ip(std::string_view text) {
    return *Ip::parse(text);
}

IndexEntry lease(std::string_view address, std::uint64_t made_in = boot) {
    IndexEntry entry;
    entry.set_ip(ip(address));
    entry.holder = 1;
    entry.boot = made_in;
    return entry;
}

class HostLocalMemory : public ::testing::Test {
protected:
    HostLocalMemory() {
        std::string path = ::testing::TempDir() + "memoryXXXXXX";
        EXPECT_NE(::mkdtemp(path.data()), nullptr);
        path_ = path;
        dir_ = open_state_dir(path, Holds::files, 0700);
        index_ = build({lease("10.1.2.2"), lease("fd00::2")});
    }
    ~HostLocalMemory() override {
        ::unlinkat(dir_.get(), name.c_str(), 0);
        ::rmdir(path_.c_str());
    }

    LeaseIndex build(const std::vector<IndexEntry>& entries, const IndexHeader& header = {}) {
        return LeaseIndex::build(dir_.get(), name, header, entries);
    }
    Memory memory(std::uint64_t current = boot) { return Memory(*index_, current); }
    /// As another call finds it.
    void open_again() {
        EXPECT_TRUE(index_->seal(1, 1));
        index_ = LeaseIndex::open(dir_.get(), name);
        ASSERT_TRUE(index_);
    }
    /// The whole file but its header.
    void overwrite_pages(char with) {
        const Fd file = open_at(dir_.get(), name.c_str(), O_RDWR, 0, name);
        const std::string junk(4096, with);
        const off_t size = ::lseek(file.get(), 0, SEEK_END);
        for (off_t at = 4096; at < size; at += 4096)
            EXPECT_EQ(::pwrite(file.get(), junk.data(), junk.size(), at), 4096);
    }
    /// The sums alone.
    void overwrite_sums() {
        const Fd file = open_at(dir_.get(), name.c_str(), O_RDWR, 0, name);
        const off_t size = ::lseek(file.get(), 0, SEEK_END);
        EXPECT_EQ(::pwrite(file.get(), "junk", 4, size - 4096), 4);
    }

    std::string path_;
    Fd dir_;
    std::optional<LeaseIndex> index_;
};

TEST_F(HostLocalMemory, TellsWhoHadWhat) {
    memory().keep("pod a/b eth0", ip("10.1.2.2"), {});
    memory().keep("pod a/b eth0", ip("fd00::2"), {});
    memory().keep("pod a/c eth0", ip("10.1.2.3"), {});
    open_again();
    EXPECT_THAT(memory().had_by("pod a/b eth0"),
                UnorderedElementsAre(ip("10.1.2.2"), ip("fd00::2")));
    EXPECT_THAT(memory().had_by("pod a/b eth1"), IsEmpty());
    memory().keep("pod a/b eth0", ip("10.1.2.9"), {ip("10.1.2.2")});
    EXPECT_THAT(memory().had_by("pod a/b eth0"),
                UnorderedElementsAre(ip("10.1.2.9"), ip("fd00::2")));
    memory().keep("pod a/c eth0", ip("10.1.2.9"), {ip("10.1.2.3")});
    EXPECT_THAT(memory().had_by("pod a/b eth0"), ElementsAre(ip("fd00::2")));
    memory().disown(ip("10.1.2.9"));
    memory().disown(ip("fd00::2"));
    EXPECT_THAT(memory().had_by("pod a/c eth0"), IsEmpty());
    EXPECT_EQ(index_->header().hints, 0u) << "nothing is kept of what is no more";
    EXPECT_EQ(index_->header().entries, 2u);
}

TEST_F(HostLocalMemory, TellsHowLongAnAddressRests) {
    EXPECT_EQ(memory().rest_left(ip("10.1.2.2"), hour), 0);
    memory().begin_rest(ip("10.1.2.2"));
    open_again();
    EXPECT_GT(memory().rest_left(ip("10.1.2.2"), hour), hour - 600);
    EXPECT_LE(memory().rest_left(ip("10.1.2.2"), hour), hour);
    EXPECT_EQ(memory().rest_left(ip("10.1.2.2"), 0), 0);
    EXPECT_EQ(memory().rest_left(ip("10.1.2.3"), hour), 0);
    ASSERT_EQ(memory().resting(hour).size(), 1u);
    EXPECT_EQ(memory().resting(hour)[0].ip, ip("10.1.2.2"));
    // In another boot the time of that one counts: this test's machine is up for less than years.
    constexpr std::int64_t years = 50 * 365 * 24 * hour;
    EXPECT_GT(memory(boot + 1).rest_left(ip("10.1.2.2"), years), 0);
    EXPECT_EQ(memory(boot + 1).rest_left(ip("10.1.2.2"), 1), 0);
}

TEST_F(HostLocalMemory, AnOwnersAddressRestsAndIsHis) {
    memory().keep("a", ip("10.1.2.2"), {});
    memory().begin_rest(ip("10.1.2.2"));
    EXPECT_THAT(memory().had_by("a"), ElementsAre(ip("10.1.2.2")));
    memory().disown(ip("10.1.2.2"));
    EXPECT_GT(memory().rest_left(ip("10.1.2.2"), hour), 0);
}

TEST_F(HostLocalMemory, IsCarriedOverWithoutAnyPageThatIsProved) {
    memory().keep("a", ip("10.1.2.2"), {});
    memory().begin_rest(ip("10.1.2.3"));
    open_again();
    overwrite_sums();
    const auto hints = Memory::carried_over(*index_, boot, {}, false);
    EXPECT_EQ(hints.size(), 3u);
    index_ = build(hints, index_->header());
    EXPECT_THAT(memory().had_by("a"), ElementsAre(ip("10.1.2.2")));
    EXPECT_GT(memory().rest_left(ip("10.1.2.3"), hour), 0);
    open_again();
    overwrite_pages('\4');  // what looks like a hint, without a proof
    EXPECT_THAT(Memory::carried_over(*index_, boot, {}, false), IsEmpty());
}

TEST_F(HostLocalMemory, WhatIsGoneRestsSinceItIsSeenOrSinceTheBoot) {
    index_ = build({lease("10.1.2.2"), lease("10.1.2.3"), lease("10.1.2.4", boot - 1)});
    open_again();
    const auto hints = Memory::carried_over(*index_, boot, {lease("10.1.2.2")}, true);
    index_ = build(hints, index_->header());
    EXPECT_EQ(memory().rest_left(ip("10.1.2.2"), hour), 0);
    EXPECT_GT(memory().rest_left(ip("10.1.2.3"), hour), hour - 600);
    EXPECT_EQ(memory().rest_left(ip("10.1.2.4"), 1), 0);
    EXPECT_THAT(Memory::carried_over(*index_, boot, {}, false).size(), 2u);
}

TEST_F(HostLocalMemory, TheOldestIsForgottenWhenThereIsTooMuch) {
    std::vector<IndexEntry> hints;
    IndexHeader header;
    header.turn = LeaseIndex::most_hints + 1000;
    for (std::uint32_t i = 0; i < header.turn; ++i) {
        IndexEntry hint;
        const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 16),
                                      static_cast<std::uint8_t>(i >> 8),
                                      static_cast<std::uint8_t>(i)};
        hint.set_place(Ip::from_bytes(Family::v4, bytes));
        hint.holder = i * 0x9e3779b97f4a7c15;
        hint.turn = i;
        hint.proof = hint.proof_by(header.key);
        hints.push_back(hint);
    }
    index_ = build(hints, header);
    const auto kept = index_->hints();
    EXPECT_EQ(kept.size(), LeaseIndex::most_hints / 2);
    EXPECT_GE(std::ranges::min(kept, {}, &IndexEntry::turn).turn, LeaseIndex::most_hints / 2);
}

class HostLocalOccupancy : public HostLocalMemory {
protected:
    Occupancy map() { return Occupancy(*index_); }
    std::string next_free(std::string_view first, std::string_view last) {
        const auto found = map().next_free({ip(first), ip(last)});
        return found ? found->to_string() : "none";
    }
    static std::vector<Ip> many(std::string_view first, int count) {
        std::vector<Ip> ips = {ip(first)};
        while (static_cast<int>(ips.size()) < count) ips.push_back(*ips.back().next());
        return ips;
    }
};

TEST_F(HostLocalOccupancy, FindsTheNextFreeAddress) {
    map().chart(many("10.1.0.2", 20000));
    open_again();
    EXPECT_TRUE(map().is_kept());
    EXPECT_EQ(next_free("10.1.0.1", "10.2.0.0"), "10.1.0.1");
    EXPECT_EQ(next_free("10.1.0.2", "10.2.0.0"), "10.1.78.34");
    EXPECT_EQ(next_free("10.1.0.2", "10.1.78.33"), "none");
    EXPECT_EQ(next_free("10.9.0.2", "10.9.0.2"), "10.9.0.2");
    for (const char* freed : {"10.1.70.7", "10.1.0.130", "10.1.0.255"}) {
        map().note(ip(freed), Occupancy::Place::free);
        EXPECT_EQ(next_free("10.1.0.2", "10.2.0.0"), freed[5] == '7' ? freed : "10.1.0.130");
    }
    EXPECT_EQ(next_free("10.1.0.131", "10.2.0.0"), "10.1.0.255");
    map().note(ip("10.1.0.130"), Occupancy::Place::taken);
    map().note(ip("10.1.0.255"), Occupancy::Place::taken);
    EXPECT_EQ(next_free("10.1.0.2", "10.2.0.0"), "10.1.70.7");
}

TEST_F(HostLocalOccupancy, ReachesTheEndsOfTheAddressSpace) {
    map().chart(many("255.255.255.0", 256));
    EXPECT_EQ(next_free("255.255.255.0", "255.255.255.255"), "none");
    EXPECT_EQ(next_free("::", "::1"), "::");
    for (const Ip& each : many("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff80", 128))
        map().note(each, Occupancy::Place::taken);
    EXPECT_EQ(next_free("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff7f",
                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
              "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff7f");
    EXPECT_EQ(next_free("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff80",
                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
              "none");
}

TEST_F(HostLocalOccupancy, IsGoneWithWhatWasOnItAndWhenTheIndexIsMadeAnew) {
    map().note(ip("10.1.2.2"), Occupancy::Place::taken);
    EXPECT_EQ(index_->header().entries, 2u) << "not before it is asked for";
    map().chart({ip("10.1.2.2"), ip("fd00::2")});
    EXPECT_EQ(index_->header().entries, 4u);
    map().note(ip("10.1.2.2"), Occupancy::Place::free);
    EXPECT_EQ(index_->header().entries, 3u);
    open_again();
    EXPECT_THAT(Memory::carried_over(*index_, boot, {}, false), IsEmpty());
}

TEST_F(HostLocalOccupancy, GrowsWithTheIndex) {
    index_ = build({});
    map().chart({});
    for (const Ip& each : many("10.1.0.0", 3000)) {
        IndexEntry entry = lease("10.1.2.2");
        entry.set_ip(each);
        entry.holder = index_->hash(each.to_string());
        index_->insert(entry);
        map().note(each, Occupancy::Place::taken);
    }
    EXPECT_TRUE(map().is_kept());
    EXPECT_EQ(next_free("10.1.0.0", "10.2.0.0"), "10.1.11.184");
    EXPECT_EQ(index_->entries().list.size(), 3000u);
}

}  // namespace
}  // namespace cni::host_local
