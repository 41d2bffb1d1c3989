// host-local on file systems that are full, cannot be written or cannot do everything.
#include <set>

#include "plugins/host-local/fixture.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostLocalDisk : public HostLocalBoot {
protected:
    static void mount(const std::string& options) {
        output_of({"mount", "-t", "tmpfs", "-o", options, "tmpfs", "/var/lib/cni"});
    }
    static void remount(const std::string& options) {
        output_of({"mount", "-o", cat("remount,", options), "/var/lib/cni"});
    }
    static const std::set<std::string>& all() {
        static const std::set<std::string> addresses = {"10.1.2.2", "10.1.2.3", "10.1.2.4",
                                                        "10.1.2.5", "10.1.2.6"};
        return addresses;
    }

    /// Containers come and go on a file system with these options; `roomier` ends the shortage.
    void expect_nothing_lost(const std::string& options, const std::string& roomier) const {
        SCOPED_TRACE(options);
        mount(options);
        std::set<std::string> given;
        for (int i = 0; i < 4; ++i) {
            const PluginRun run = call("ADD", cat("c", i));
            if (run.ok()) {
                const std::string address = addresses(run)[0];
                EXPECT_TRUE(given.insert(address).second) << address;
                continue;
            }
            EXPECT_THAT(run.error_message(),
                        AllOf(HasSubstr("/var/lib/cni"), HasSubstr("No space left on device")));
        }
        EXPECT_EQ(leases().size(), given.size());
        del("c1");
        for (int i = 0; i < 4; ++i) del(cat("c", i));
        EXPECT_THAT(leases(), IsEmpty());
        remount(roomier);
        EXPECT_EQ(exhaust("later"), all());
        output_of({"umount", "/var/lib/cni"});
    }
};

TEST_F(HostLocalDisk, WithoutSpaceNothingIsTakenAndNothingLost) {
    // A page for each: the two directories are free of charge.
    for (int pages = 1; pages < 8; ++pages)
        expect_nothing_lost(cat("size=", pages * 4, "k"), "size=1m");
}

TEST_F(HostLocalDisk, WithoutInodesNothingIsTakenAndNothingLost) {
    for (int inodes = 2; inodes < 12; ++inodes)
        expect_nothing_lost(cat("nr_inodes=", inodes), "nr_inodes=100");
}

TEST_F(HostLocalDisk, WhatCannotBeWrittenIsSaidAndNothingIsLost) {
    mount("size=1m");
    add("c1");
    remount("ro");
    const PluginRun added = call("ADD", "c2");
    EXPECT_EQ(added.error_code(), 999);
    EXPECT_EQ(added.error_message(),
              "failed to allocate for range 0: make a lease in /var/lib/cni/networks/net/: "
              "Read-only file system");
    EXPECT_TRUE(call("CHECK", "c1").ok());
    EXPECT_EQ(call("STATUS").error_code(), 50);
    del("c2");
    EXPECT_EQ(call("DEL", "c1").error_message(),
              "remove /var/lib/cni/networks/net/10.1.2.2: Read-only file system");
    remount("rw");
    EXPECT_TRUE(call("CHECK", "c1").ok());
    del("c1");
    EXPECT_EQ(exhaust("later"), all());
}

TEST_F(HostLocalDisk, LeasesOfAnEarlierBootWaitUntilTheyCanBeRemoved) {
    mount("size=1m");
    fill();
    remount("ro");
    boot("2");
    EXPECT_FALSE(call("ADD", "new").ok());
    remount("rw");
    EXPECT_EQ(exhaust("new"), all());
}

TEST_F(HostLocalDisk, ADirectoryThatCannotBeMadeIsNamed) {
    mount("ro");
    EXPECT_EQ(call("ADD").error_message(),
              "make directory /var/lib/cni/networks: Read-only file system");
    del("c1");
}

class HostLocalFileSystem : public HostLocalDisk {
protected:
    void expect_to_work() const {
        // What a killed one left.
        plant(".new-lease", "killed\r\neth0");
        std::vector<Process> running;
        for (int i = 0; i < 5; ++i)
            running.push_back(Process::start(
                plugin_program("host-local", "ADD", args(cat("c", i)), config_.dump())));
        std::set<std::string> given;
        for (Process& process : running) {
            const std::string address = join(addresses(wait_for_plugin(process)), " ");
            given.insert(address.substr(0, address.find('/')));
        }
        EXPECT_EQ(given, all());
        EXPECT_FALSE(call("ADD", "c9").ok());
        EXPECT_EQ(leases(), Strings(all().begin(), all().end()));
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE(call("CHECK", cat("c", i)).ok());
            EXPECT_THAT(call("ADD", cat("c", i)).error_message(), HasSubstr("duplicate"));
            del(cat("c", i));
        }
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_EQ(exhaust("later"), all());
    }
};

TEST_F(HostLocalFileSystem, UnnamedFilesAreNotNeeded) {
    without({Missing::unnamed_files}, [&] { expect_to_work(); });
}

TEST_F(HostLocalFileSystem, HardLinksAreNotNeeded) {
    without({Missing::hard_links}, [&] { expect_to_work(); });
}

TEST_F(HostLocalFileSystem, NeitherIsNeeded) {
    without({Missing::unnamed_files, Missing::hard_links}, [&] { expect_to_work(); });
}

}  // namespace
}  // namespace cni::test
