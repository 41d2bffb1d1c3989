// host-local's files after a loss of power or worse: cut anywhere, emptied, garbled, of another
// time. No address goes to two who live, and none is lost for good.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fstream>
#include <set>

#include "base/error.h"
#include "ipam/host-local/lease_index.h"
#include "plugins/host-local/fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;
using Addresses = std::set<std::string>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

void overwrite(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

class HostLocalCut : public HostLocalBoot {
protected:
    static void start_over() { fs::remove_all("/var/lib/cni/networks"); }

    /// As if the clock had shown this, in s since the epoch, when the directory was used last.
    static void used_at(std::int64_t seconds) {
        const Fd parent = open_at(AT_FDCWD, "/var/lib/cni/networks", O_RDONLY, 0, "networks");
        auto index = host_local::LeaseIndex::open(parent.get(), ".net.cnixx-index");
        ASSERT_TRUE(index);
        const std::int64_t ns = seconds * 1'000'000'000;
        ASSERT_TRUE(index->seal(ns + 1, ns));
        const timespec times[2] = {{0, UTIME_OMIT}, {seconds, 1}};
        checked(::utimensat(AT_FDCWD, directory, times, 0), "touch ", directory);
    }
    static void replace_lease(const std::string& name, const std::string& text) {
        fs::remove(path(name));
        plant(name, text);
    }
    /// Behind c1's ADD and `prepare`, memory is short when c2's ADD opens or reads one file after
    /// the other; `verify` what is left each time.
    template <typename Prepare, typename Verify>
    void without_memory_for_a_file(Prepare prepare, Verify verify) {
        // Of a sanitized program some are enough: of its thousands most are the sanitizer's.
        const int step = is_sanitized() ? 97 : 1;
        bool reached = true;
        for (int number = 1; reached; number += step) {
            start_over();
            add("c1");
            prepare();
            const Injured c2 =
                run_with_fault(plugin_program("host-local", "ADD", args("c2"), config_.dump()),
                               {number, Fault::Kind::fail, ENOMEM});
            reached = c2.reached;
            if (c2.system_call != SYS_read && c2.system_call != SYS_openat) continue;
            SCOPED_TRACE(cat("call ", number, ": ", c2.finished.out));
            verify();
        }
    }
};

TEST_F(HostLocalCut, ALeaseThatIsCutKeepsItsAddressUntilItsContainerIsGone) {
    const std::string whole = "c1\r\neth0";
    for (std::size_t length = 1; length < whole.size(); ++length) {
        SCOPED_TRACE(length);
        start_over();
        add("c1");
        add("c2");
        fs::resize_file(path("10.1.2.2"), length);
        output_of({"touch", directory});
        EXPECT_EQ(exhaust("c3"), Addresses({"10.1.2.4", "10.1.2.5", "10.1.2.6"}));
        del("c1");
        gc({"c2", "c30", "c31", "c32"});
        EXPECT_EQ(exhaust("c4"), Addresses({"10.1.2.2"}));
    }
}

TEST_F(HostLocalCut, WhatWasGivenLastMayBeCutOrGarbled) {
    for (const std::string text : {"", "1", "10.1", "10.1.2.", "10.1.2.3", "10.1.2.77", "fd00::1",
                                   "\n", "garbage", "10.1.2.3 and more"}) {
        SCOPED_TRACE(text);
        start_over();
        add("c1");
        plant("last_reserved_ip.0", text);
        EXPECT_EQ(exhaust("c2"), Addresses({"10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"}));
    }
}

TEST_F(HostLocalCut, AnIndexMayBeCutAnywhere) {
    add("c1");
    const std::uintmax_t size = fs::file_size(index_file);
    std::set<std::uintmax_t> lengths = {0, 1, size - 1};
    for (std::uintmax_t length = 8; length <= 72; length += 8) lengths.insert(length);
    for (std::uintmax_t length = 4096; length < size; length += 4096) lengths.insert(length);
    for (const std::uintmax_t length : lengths) {
        SCOPED_TRACE(length);
        fs::resize_file(index_file, length);
        EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate"));
        fs::resize_file(index_file, length);
        del("c1");
        EXPECT_THAT(leases(), IsEmpty());
        add("c1");
    }
}

// The blocks that were not written before the power went.
TEST_F(HostLocalCut, AnIndexMayHaveHolesAfterAReboot) {
    add("c0");
    const auto pages = fs::file_size(index_file) / 4096;
    for (std::uintmax_t page = 0; page < pages; ++page) {
        SCOPED_TRACE(page);
        start_over();
        boot("1");
        for (int i = 0; i < 3; ++i) add(cat("c", i));
        std::fstream(index_file, std::ios::in | std::ios::out | std::ios::binary)
                .seekp(static_cast<std::streamoff>(page * 4096))
            << std::string(4096, '\0');
        boot("2");
        add("new");
        for (int i = 0; i < 3; ++i) del(cat("c", i));
        EXPECT_EQ(leases().size(), 1u);
        EXPECT_EQ(exhaust("newer").size(), 4u);
    }
}

TEST_F(HostLocalCut, AnIndexOfAnEarlierTimeIsNotBelieved) {
    add("c1");
    const std::string earlier = *read_file(index_file, 1 << 20);
    add("c2");
    del("c1");
    add("c3");
    const Strings now = leases();
    overwrite(index_file, earlier);
    EXPECT_FALSE(call("CHECK", "c1").ok());
    EXPECT_THAT(call("ADD", "c2").error_message(), HasSubstr("duplicate"));
    overwrite(index_file, earlier);
    EXPECT_EQ(leases(), now);
    boot("2");
    overwrite(index_file, earlier);
    EXPECT_FALSE(call("CHECK", "c2").ok());
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalCut, AnIndexOfAnotherVersionIsMadeAnew) {
    add("c1");
    add("c2");
    std::string index = *read_file(index_file, 1 << 20);
    ++index[7];
    std::fill(index.begin() + 4096, index.end(), '\0');
    overwrite(index_file, index);
    EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate"));
    del("c1");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3"));
}

TEST_F(HostLocalCut, ALeaseThatCouldNotBeReadForAMomentIsNotForgotten) {
    without_memory_for_a_file([] { fs::remove(index_file); },
                              [&] {
                                  del("c2");
                                  del("c1");
                                  EXPECT_THAT(leases(), IsEmpty());
                              });
}

TEST_F(HostLocalCut, ABootThatCouldNotBeReadForAMomentIsNotForgotten) {
    without_memory_for_a_file([] { overwrite(path("note"), "the directory changed"); },
                              [&] {
                                  boot("2");
                                  add("c3");
                                  EXPECT_THAT(content("10.1.2.2"), Not(HasSubstr("c1")));
                                  boot("1");
                              });
}

TEST_F(HostLocalCut, LeftoversAreSweptAway) {
    add("c1");
    const std::string half_index = cat(index_file, ".new");
    overwrite(half_index, std::string(5000, 'x'));
    plant(".new-lease", "killed\r\neth0");
    EXPECT_EQ(add("c2"), "10.1.2.3/29");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
    EXPECT_FALSE(fs::exists(half_index));
}

TEST_F(HostLocalCut, AClockThatIsSetChangesNothing) {
    constexpr std::int64_t epoch = 1, year_2100 = 4'102'444'800;
    for (const std::int64_t time : {epoch, year_2100}) {
        SCOPED_TRACE(time);
        start_over();
        for (const char* id : {"c1", "c2", "c3"}) add(id);
        used_at(time);
        del("c3");
        used_at(time);
        fs::remove(path("10.1.2.2"));
        replace_lease("10.1.2.3", "other\r\neth0");
        plant("10.1.2.6", "another\r\neth0");
        EXPECT_THAT(call("ADD", "other").error_message(), HasSubstr("duplicate"));
        EXPECT_FALSE(call("CHECK", "c2").ok());
        used_at(time);
        EXPECT_EQ(exhaust("new"), Addresses({"10.1.2.2", "10.1.2.4", "10.1.2.5"}));
        used_at(time);
        for (const char* id : {"other", "another", "new0", "new1", "new2"}) del(id);
        EXPECT_THAT(leases(), IsEmpty());
    }
}

TEST_F(HostLocalCut, LeasesOfAnEarlierBootAreReclaimedWhateverTheClock) {
    for (const std::int64_t time : {std::int64_t{1}, std::int64_t{4'102'444'800}}) {
        start_over();
        boot("1");
        fill();
        used_at(time);
        boot("2");
        EXPECT_EQ(exhaust("new").size(), 5u);
    }
}

TEST_F(HostLocalCut, WithoutAddressesItNamesTheFilesThatAreNoLeases) {
    plant("10.1.2.3", "kept for the printer");
    plant("10.1.2.5", "\x01\xff garbage");
    exhaust("c");
    for (const char* command : {"ADD", "STATUS"}) {
        const PluginRun run = call(command, "one-more");
        ASSERT_FALSE(run.ok());
        EXPECT_EQ(run.json()["details"],
                  "all addresses have a file in /var/lib/cni/networks/net/; DEL of attachments "
                  "that are gone, or GC, releases what they still hold; 10.1.2.3, 10.1.2.5 there "
                  "are no leases: remove what is not kept on purpose");
    }
}

}  // namespace
}  // namespace cni::test
