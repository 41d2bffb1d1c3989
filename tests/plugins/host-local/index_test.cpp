// host-local's index of leases: lost or damaged it costs time, and never an address.
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "ipam/host-local/hashes.h"
#include "ipam/host-local/index_file.h"
#include "plugins/host-local/fixture.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;
using host_local::IndexEntry;
using host_local::IndexHeader;
using host_local::IndexPage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostLocalIndexLoss : public HostLocalBoot {
protected:
    static void overwrite(const std::string& text) {
        std::ofstream(index_file, std::ios::binary) << text;
    }
    static std::string index() { return *read_file(index_file, 1 << 20); }
    static constexpr std::size_t page_size = 4096;

    /// What a loss of power, or worse, makes of the index.
    static Strings damaged(const std::string& now, const std::string& earlier) {
        Strings all = {"", std::string(now.size(), '\0'), std::string(now.size(), 'x'), earlier,
                       now + std::string(page_size, '\0')};
        const std::string unused(page_size, '\0');
        bool seen_unused = false;  // one stands for all of them
        for (std::size_t at = 0; at < now.size(); at += page_size) {
            const bool is_unused = now.compare(at, page_size, unused) == 0;
            if (is_unused && std::exchange(seen_unused, true)) continue;
            const auto with_page = [&](const std::string& instead) {
                return std::string(now).replace(at, page_size, instead);
            };
            std::string flipped = now.substr(at, page_size);
            flipped[8] = static_cast<char>(flipped[8] ^ 1);
            all.insert(all.end(), {now.substr(0, at), with_page(unused),
                                   with_page(earlier.substr(at, page_size)), with_page(flipped)});
        }
        return all;
    }
    /// Gives c1 and c2 a lease, damages the index in one way after the other and lets `verify` see
    /// what becomes of it.
    template <typename F>
    void with_each_damage(F verify) {
        for (std::size_t number = 0;; ++number) {
            SCOPED_TRACE(cat("damage ", number));
            output_of({"rm", "-rf", "/var/lib/cni/networks"});
            boot("1");
            add("c1");
            const std::string earlier = index();
            add("c2");
            const Strings all = damaged(index(), earlier);
            if (number >= all.size()) return;  // the two may share a page
            overwrite(all[number]);
            verify();
        }
    }
};

TEST_F(HostLocalIndexLoss, LetsNoSecondLeaseBeGiven) {
    with_each_damage(
        [&] { EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate")); });
}

TEST_F(HostLocalIndexLoss, HidesNoLeaseFromDel) {
    with_each_damage([&] {
        del("c2");
        del("c1");
        EXPECT_THAT(leases(), IsEmpty());
    });
}

TEST_F(HostLocalIndexLoss, HidesNoLeaseFromGc) {
    with_each_damage([&] {
        gc({"c1"});
        EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    });
}

TEST_F(HostLocalIndexLoss, KeepsNoLeaseOfAnEarlierBoot) {
    with_each_damage([&] {
        plant("10.1.2.0", "foreign\r\neth0");
        boot("2");
        add("new");
        EXPECT_EQ(leases().size(), 2u);
        EXPECT_EQ(content("10.1.2.0"), "foreign\r\neth0");
    });
}

TEST_F(HostLocalIndexLoss, TellsLeasesOfTheReferenceFromItsOwn) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    add("c1");
    ASSERT_TRUE(reference("ADD", "c2").ok());
    add("c3");
    fs::remove(index_file);
    boot("2");
    add("new");
    EXPECT_EQ(leases().size(), 2u);
    EXPECT_EQ(content("10.1.2.3"), "c2\r\neth0");
    del("c2");
    EXPECT_EQ(leases().size(), 1u);
}

TEST_F(HostLocalIndexLoss, IsNoMatterWhereTheLeasesAreOlderOrNewer) {
    add("c1");
    output_of({"cp", "-a", directory, "/run/older"});
    add("c2");
    del("c1");
    output_of({"rm", "-r", directory});
    output_of({"cp", "-a", "/run/older", directory});
    EXPECT_TRUE(call("CHECK", "c1").ok());
    EXPECT_FALSE(call("CHECK", "c2").ok());
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

// As version 0.1.0 wrote it: without proof, and with hashes of its own.
class HostLocalFormerIndex : public HostLocalIndexLoss {
protected:
    static std::string former_index(const std::string& lease, std::uint64_t boot) {
        std::vector<IndexPage> pages(17);
        IndexEntry entry;
        entry.set_ip(*Ip::parse(lease));
        entry.holder = host_local::hash_of_id(content(lease));
        struct stat status {};
        checked(::stat(path(lease).c_str(), &status), "stat ", lease);
        entry.inode = status.st_ino;
        entry.changed = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
        entry.boot = boot;
        pages[1 + entry.holder % 16][0] = entry;
        checked(::stat(directory, &status), "stat ", directory);
        const std::int64_t seal = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
        const std::uint64_t machine = host_local::hash_of_id(std::string(32, 'a'));
        const std::uint64_t fields[] = {0x31784965736165ff,
                                        16,
                                        1,
                                        static_cast<std::uint64_t>(seal),
                                        static_cast<std::uint64_t>(seal),
                                        boot,
                                        machine,
                                        0};
        const std::uint64_t checksum =
            host_local::hash_of_id({reinterpret_cast<const char*>(fields), sizeof fields});
        std::string text(reinterpret_cast<const char*>(pages.data()), pages.size() * page_size);
        std::memcpy(text.data(), fields, sizeof fields);
        std::memcpy(text.data() + sizeof fields, &checksum, sizeof checksum);
        return text;
    }
    static std::uint64_t first_boot() {
        return host_local::hash_of_id("11111111-1111-1111-1111-111111111111");
    }
    /// c1's lease and the index are that version's.
    void be_former() const {
        add("c1");
        output_of({"touch", path("10.1.2.2")});  // no mark of a boot
        overwrite(former_index("10.1.2.2", first_boot()));
    }
};

TEST_F(HostLocalFormerIndex, IsMadeAnew) {
    be_former();
    EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate"));
    overwrite(former_index("10.1.2.2", first_boot()));
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalFormerIndex, HandsOnInWhichBootLeasesWereMade) {
    be_former();
    EXPECT_TRUE(call("CHECK", "c1").ok());
    boot("2");
    add("c2");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3"));
    del("c2");
    boot("1");
    be_former();
    boot("2");
    add("c2");
    EXPECT_EQ(leases().size(), 1u);
}

class HostLocalIndexFile : public HostLocalIndexLoss {};

TEST_F(HostLocalIndexFile, IsNotFooledByIdsWithOneHash) {
    const Strings ids = {"a_1nwfl2wq4B", "aKdB3fkxgcQO"};  // in FNV-1a, with "eth0" behind them
    ASSERT_EQ(host_local::hash_of_id(cat(ids[0], "\r\neth0")),
              host_local::hash_of_id(cat(ids[1], "\r\neth0")));
    for (const std::string& id : ids) add(id);
    for (const std::string& id : ids) {
        EXPECT_TRUE(call("CHECK", id).ok());
        EXPECT_THAT(call("ADD", id).error_message(), HasSubstr("duplicate"));
    }
    for (const std::string& id : ids) del(id);
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalIndexFile, GoesWithTheLastLease) {
    add("c1");
    add("c2");
    del("c1");
    EXPECT_TRUE(fs::exists(index_file));
    del("c2");
    EXPECT_FALSE(fs::exists(index_file));
    EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.3") << "from where it goes on";
    EXPECT_EQ(add("c1"), "10.1.2.4/29");
    gc({});
    EXPECT_FALSE(fs::exists(index_file));
    output_of({"tee", cat(index_file, ".new")}, "killed");
    output_of({"tee", index_file}, "killed");
    del("c1");
    EXPECT_THAT(Strings({fs::exists(index_file) ? "index" : "",
                         fs::exists(cat(index_file, ".new")) ? "its draft" : ""}),
                ElementsAre("", ""));
}

TEST_F(HostLocalIndexFile, IsNotMadeWhereNothingIsGiven) {
    config_["ipam"]["ranges"][0][0]["rangeEnd"] = "10.1.2.1";
    for (const char* command : {"ADD", "CHECK", "DEL"}) {
        call(command);
        EXPECT_FALSE(fs::exists(index_file)) << command;
    }
}

TEST_F(HostLocalIndexFile, OfALongNetworkNameHasAShorterOne) {
    const std::string names[] = {std::string(200, 'n'), std::string(201, 'n'),
                                 std::string(254, 'n'), std::string(254, 'n') + "x"};
    for (const std::string& name : names) {
        config_["name"] = name;
        EXPECT_EQ(add("c1"), "10.1.2.2/29");
    }
    Strings indexes;
    for (const auto& entry : fs::directory_iterator("/var/lib/cni/networks"))
        if (entry.path().filename().string().starts_with(".")) indexes.push_back(entry.path());
    EXPECT_EQ(indexes.size(), std::size(names));
    for (const std::string& name : names) {
        config_["name"] = name;
        EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate"));
        del("c1");
    }
}

TEST_F(HostLocalIndexFile, OfTwoDataDirectoriesAreApart) {
    const nlohmann::json here = config_;
    add("c1");
    config_["ipam"]["dataDir"] = "/run/leases";
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    del("c1");
    EXPECT_FALSE(fs::exists("/run/leases/.net.cnixx-index"));
    config_ = here;
    EXPECT_TRUE(call("CHECK", "c1").ok());
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalIndexFile, IsNotNeededToKnowTheBootLater) {
    add("c1");
    output_of({"mount", "-t", "tmpfs", "tmpfs", "/proc/sys/kernel/random"});
    add("c2");  // in an unknown boot
    EXPECT_THAT(call("ADD", "c1").error_message(), HasSubstr("duplicate"));
    output_of({"umount", "/proc/sys/kernel/random"});
    EXPECT_TRUE(call("CHECK", "c1").ok());
    boot("2");
    add("c3");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3", "10.1.2.4")) << "c2's boot was never known";
}

TEST_F(HostLocalIndexFile, MayExceedTheLimitOfFileSizes) {
    add("c1");
    for (const rlim_t limit : {0, 3, 5000}) {
        SCOPED_TRACE(limit);
        const auto limited = [&](const std::string& command, const std::string& id) {
            Program program = plugin_program("host-local", command, args(id), config_.dump());
            program.prepare = [limit] {
                ::signal(SIGXFSZ, SIG_IGN);  // the call that exceeds it fails
                const rlimit size{limit, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &size);
            };
            return run(program);
        };
        const Finished added = limited("ADD", "c2");
        EXPECT_EQ(added.exit_code() & ~1, 0) << "killed";
        EXPECT_EQ(leases().size(), added.ok() ? 2u : 1u);
        for (const char* id : {"c1", "c2"}) EXPECT_TRUE(limited("DEL", id).ok()) << id;
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_NE(add("c1"), "");
        EXPECT_TRUE(call("CHECK", "c1").ok());
    }
}

TEST_F(HostLocalIndexFile, IsRightBesideStrangeFiles) {
    const std::string longest(255, 'n');
    plant(longest, "c1\r\neth0");
    plant(std::string(250, '1') + ".2", "c1\r\neth0");
    fs::create_directory(path("10.1.2.3"));
    output_of({"mkfifo", path("10.1.2.4")});
    fs::create_symlink("10.1.2.2", path("10.1.2.5"));
    const std::string id(250, 'i');
    EXPECT_EQ(add(id), "10.1.2.2/29");
    EXPECT_EQ(content("10.1.2.2"), cat(id, "\r\neth0"));
    EXPECT_TRUE(call("CHECK", id).ok());
    boot("2");
    EXPECT_EQ(add("c1"), "10.1.2.6/29");
    del("c1");
    EXPECT_EQ(leases().size(), 5u);
    EXPECT_EQ(content(longest), "c1\r\neth0");
}

}  // namespace
}  // namespace cni::test
