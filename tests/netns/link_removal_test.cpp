// Links that one process removes while another one only waits until nothing of them can be seen.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "netlink/link_removal.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/thrown.h"

namespace cni {
namespace {

using test::output_of;
using test::TestNetns;

class LinkRemovals : public test::SandboxTest {
protected:
    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    static std::vector<Link> pairs(const std::vector<std::string>& names) {
        for (const std::string& name : names)
            shell(cat("ip link add name ", name, " type veth peer name ", name, "p"));
        return Rtnl().find_all(names);
    }
    static std::vector<std::string> names() {
        std::vector<std::string> names;
        for (const Link& link : Rtnl().veths()) names.push_back(link.name);
        return names;
    }
    /// What the other process does.
    template <typename F>
    static pid_t start(F&& body) {
        const pid_t pid = checked(::fork(), "fork");
        if (pid == 0) {
            body();
            ::_exit(0);
        }
        return pid;
    }
    static void wait_for(pid_t pid) { checked(::waitpid(pid, nullptr, 0), "wait"); }
};

TEST_F(LinkRemovals, OneProcessAsksAndTheOtherSeesThatAllIsOver) {
    shell("ip link add br0 type bridge; ip link set br0 up");
    for (int round = 0; round < 20; ++round) {
        const auto links = pairs({"a"});
        shell(
            "ip link set dev a master br0 up; ip link set ap up; ip address add 10.1.1.1/24 dev "
            "ap");
        Rtnl host;
        LinkRemoval removal(host, links);
        ASSERT_TRUE(removal.is_announced());
        const pid_t other = start([&] { removal.question()->ask(); });
        removal.await(-1);
        removal.finish();
        EXPECT_EQ(names(), (std::vector<std::string>{}));
        EXPECT_EQ(output_of({"ip", "route"}), "");
        EXPECT_NE(::access("/proc/sys/net/ipv4/conf/ap", F_OK), 0);
        wait_for(other);
    }
}

TEST_F(LinkRemovals, WithoutAnotherProcessTheyAreRemovedAllTheSame) {
    const auto links = pairs({"a", "b"});
    Rtnl host;
    LinkRemoval(host, links).finish();
    EXPECT_EQ(names(), (std::vector<std::string>{}));
    // And when they are gone.
    LinkRemoval(host, links).finish();
}

TEST_F(LinkRemovals, TheOtherProcessMayDieBeforeItAsks) {
    const auto links = pairs({"a"});
    Rtnl host;
    LinkRemoval removal(host, links);
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "make a pipe");
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    const pid_t other = start([] {});
    writer.reset();
    removal.await(reader.get());
    removal.finish();
    EXPECT_EQ(names(), (std::vector<std::string>{}));
    wait_for(other);
}

// The first of one request; and nobody else's, in whichever group they are.
TEST_F(LinkRemovals, SeveralGoInOneRequest) {
    const auto links = pairs({"a", "b", "c", "d"});
    const auto others = pairs({"x", "y"});
    shell("ip link set y group 7");
    Rtnl host;
    LinkRemoval removal(host, links);
    const auto group = host.get("a").group;
    EXPECT_GT(group, 7u);
    EXPECT_EQ(host.get("d").group, group);
    const pid_t other = start([&] { removal.question()->ask(); });
    removal.await(-1);
    // It has all of them removed before the kernel deals with anything else.
    EXPECT_EQ(names(), (std::vector<std::string>{"xp", "x", "yp", "y"}));
    removal.finish();
    EXPECT_EQ(host.get("x").group, 0u);
    EXPECT_EQ(host.get("y").group, 7u);
    wait_for(other);
}

TEST_F(LinkRemovals, ARefusalIsTold) {
    Rtnl host;
    const Link lo = host.get("lo");
    LinkRemoval removal(host, {lo});
    const pid_t other = start([&] { removal.question()->ask(); });
    removal.await(-1);
    wait_for(other);
    EXPECT_EQ(test::thrown([&] { removal.finish(); }).msg,
              "delete link lo: Operation not supported");
    // Its answer to the other process is passed over.
    EXPECT_EQ(host.get("lo").index, lo.index);
}

TEST_F(LinkRemovals, InAContainer) {
    const TestNetns c("c1");
    c.output_of({"ip", "link", "add", "name", "a", "type", "veth", "peer", "name", "ap"});
    pairs({"a"});
    Rtnl container = Rtnl::in(c.netns());
    const auto links = container.find_all({"a"});
    LinkRemoval removal = c.run([&] { return LinkRemoval(container, links); });
    const pid_t other = start([&] { removal.question()->ask(); });
    removal.await(-1);
    removal.finish();
    EXPECT_EQ(c.output_of({"ip", "-o", "link", "show", "type", "veth"}), "");
    EXPECT_EQ(names(), (std::vector<std::string>{"ap", "a"}));
    wait_for(other);
}

}  // namespace
}  // namespace cni
