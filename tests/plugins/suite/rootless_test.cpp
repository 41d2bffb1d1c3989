// A whole network on the host of a rootless runtime, where some files cannot be read.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "support/chain_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

/// Before the other bases, whose files must be the mapped user's.
class RootlessHost {
protected:
    std::optional<std::string> reason_ = enter_rootless_sandbox({CNIXX_SOURCE_DIR, bin_dir()});
};

class RootlessDemo : public ::testing::Test, protected RootlessHost {
protected:
    void SetUp() override {
        if (reason_) GTEST_SKIP() << *reason_;
    }
};

class Rootless : public RootlessDemo, protected ChainCalls {
protected:
    void SetUp() override {
        RootlessDemo::SetUp();
        if (IsSkipped()) return;
        world_.emplace();
        configure(json::object(), Backends::found_out);
        // What stays of a network once it was used is the same however often it is used.
        Attachment earlier("earlier", 8079, "02:00:00:00:00:99");
        attach(earlier);
        expect_ok("del", earlier);
        before_ = traces();
    }

    static bool can_read(const std::string& path) {
        return Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) || errno == ENOENT;
    }
    /// What the container sees when the world sends to its port of the host.
    std::string source_at(const Attachment& a, const std::string& host, char family) const {
        const Exchange seen = exchange_tcp({.server = a.netns.netns(),
                                            .address = address_of(a.result, family),
                                            .port = 80,
                                            .client = world_->netns().netns(),
                                            .target_address = host,
                                            .target_port = a.host_port});
        return seen.answered ? seen.peer_address : seen.failure;
    }
    void expect_served(const Attachment& a) const {
        EXPECT_EQ(source_at(a, "192.0.2.1", '4'), "192.0.2.2");
        EXPECT_EQ(source_at(a, "2001:db8::1", '6'), "2001:db8::2");
        const Exchange out = exchange_tcp({.server = world_->netns().netns(),
                                           .address = world_->address(),
                                           .client = a.netns.netns()});
        EXPECT_EQ(out.peer_address, "192.0.2.1") << out.failure;
        const json inside = link(a.netns, "eth0");
        EXPECT_EQ(inside["address"], a.mac);
        EXPECT_EQ(inside["mtu"], 1400);
    }
    void expect_gone(const Attachment& a) const {
        for (int i = 0; i < 2; ++i) expect_ok("del", a);
        EXPECT_EQ(traces(), before_);
        expect_skeleton_only();
    }

    std::optional<Outside> world_;
    Snapshot before_;
};

TEST_F(Rootless, TheHostIsOfTheKindThatIsMeant) {
    EXPECT_EQ(::geteuid(), 0u);
    // There as soon as the module ip_tables is loaded.
    const std::string names = "/proc/net/ip_tables_names";
    EXPECT_TRUE(::access(names.c_str(), F_OK) < 0 || !can_read(names));
}

TEST_F(Rootless, AContainerIsServedUntilItIsDeleted) {
    Attachment a("a", 8080, "02:00:00:00:00:0a");
    attach(a);
    expect_served(a);
    EXPECT_EQ(a.netns.run([] { return sysctl("net/core/somaxconn"); }), "500");
    expect_ok("check", a);
    expect_gone(a);
}

// The machine's /etc/cni may be closed: its list is needed where it could forbid something only.
TEST_F(Rootless, AListThatCannotBeReadHindersOnlyWhatItCouldForbid) {
    constexpr const char* folders[] = {"/mnt", "/root", "/lost+found"};
    const auto closed = std::find_if_not(std::begin(folders), std::end(folders), can_read);
    if (closed == std::end(folders)) GTEST_SKIP() << "no closed folder on this machine";
    output_of(
        {"sh", "-ec",
         cat("mount -t tmpfs etc /etc; mkdir /etc/cni; mount --bind ", *closed, " /etc/cni")});
    before_ = traces();  // mount(8) may have made a folder below /run
    configure({{"sysctl", nullptr}}, Backends::found_out);
    Attachment a("a", 8080, "02:00:00:00:00:0a");
    attach(a);
    expect_served(a);
    expect_gone(a);
    configure(json::object(), Backends::found_out);
    const Finished added = tool("add", a);
    EXPECT_FALSE(added.ok());
    EXPECT_THAT(added.err, HasSubstr("open /etc/cni/tuning/allowlist.conf: Permission denied"));
    expect_gone(a);
}

TEST_F(RootlessDemo, Runs) {
    const Finished demo =
        run({.argv = {CNIXX_SOURCE_DIR "/scripts/demo", "--inside"},
             .environment = {cat("CNIXX_BIN=", bin_dir()), cat("PATH=", std::getenv("PATH"))}});
    EXPECT_TRUE(demo.ok()) << demo.out << demo.err;
    EXPECT_THAT(demo.out, HasSubstr("Done"));
}

}  // namespace
}  // namespace cni::test
