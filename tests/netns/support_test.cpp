// The test support itself: a test that passes because its sandbox does nothing is worth nothing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "support/fault.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"
#include "support/snapshot.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class Support : public SandboxTest {};

TEST_F(Support, SandboxIsAnotherNetworkThanTheMachines) {
    const Netns before = Netns::current();
    ASSERT_FALSE(enter_sandbox());
    EXPECT_FALSE(Netns::current().is_same(before));
    EXPECT_EQ(nlohmann::json::parse(output_of({"ip", "-j", "link"})).size(), 1u);
}

TEST_F(Support, SandboxStartsWithNothingInRunAndVarLibCni) {
    EXPECT_EQ(output_of({"find", "/run", "/var/lib/cni", "-mindepth", "1"}), "/run/netns\n");
    EXPECT_EQ(output_of({"id", "-u"}), "0\n");
}

TEST_F(Support, ASecondSandboxSeesNothingOfTheFirst) {
    output_of({"ip", "link", "add", "br0", "type", "bridge"});
    output_of({"touch", "/var/lib/cni/lease"});
    const Snapshot used = take_snapshot();
    ASSERT_FALSE(enter_sandbox());
    EXPECT_NE(take_snapshot(), used);
    EXPECT_FALSE(read_file("/var/lib/cni/lease", 1));
}

TEST_F(Support, NetnsIsReachableByPathUntilUnmounted) {
    TestNetns c1("c1");
    EXPECT_TRUE(Netns::open(c1.path()).is_same(c1.netns()));
    EXPECT_FALSE(c1.netns().is_same(Netns::current()));
    c1.unmount();
    EXPECT_FALSE(Netns::find(c1.path()));
    EXPECT_NE(c1.output_of({"ip", "-o", "link"}).find("state DOWN"), std::string::npos);
}

TEST_F(Support, OutsideAnswersTheHostOverBothFamilies) {
    const Outside outside;
    const Netns host = Netns::current();
    EXPECT_TRUE(ping(host, outside.address()));
    EXPECT_TRUE(ping(host, outside.address6()));
    EXPECT_TRUE(ping(outside.netns().netns(), outside.host_address()));
}

TEST_F(Support, PingToNobodyFails) {
    EXPECT_FALSE(ping(Netns::current(), "203.0.113.1"));
}

TEST_F(Support, ServerSeesTheAddressOfItsPeer) {
    const Outside outside;
    const Netns host = Netns::current();
    const ExchangeOptions v4{
        .server = outside.netns().netns(), .address = outside.address(), .client = host};
    const ExchangeOptions v6{
        .server = outside.netns().netns(), .address = outside.address6(), .client = host};
    for (const auto exchange : {exchange_tcp, exchange_udp}) {
        const Exchange over_v4 = exchange(v4), over_v6 = exchange(v6);
        EXPECT_TRUE(over_v4.answered) << over_v4.failure;
        EXPECT_EQ(over_v4.peer_address, outside.host_address());
        EXPECT_TRUE(over_v6.answered) << over_v6.failure;
        EXPECT_EQ(over_v6.peer_address, outside.host_address6());
    }
}

TEST_F(Support, ExchangeWithoutARouteIsNotAnswered) {
    const Outside outside;
    const TestNetns alone("alone");
    const ExchangeOptions options{
        .server = outside.netns().netns(), .address = outside.address(), .client = alone.netns()};
    EXPECT_FALSE(exchange_tcp(options).answered);
    EXPECT_FALSE(exchange_udp(options).answered);
}

TEST_F(Support, SnapshotShowsEachKindOfTrace) {
    const Snapshot before = take_snapshot();
    EXPECT_EQ(take_snapshot(), before);
    output_of({"ip", "link", "add", "br0", "type", "bridge"});
    output_of({"ip", "address", "add", "10.0.0.1/24", "dev", "br0"});
    output_of({"ip", "link", "set", "br0", "up"});
    output_of({"ip", "rule", "add", "to", "10.9.0.0/16", "table", "100"});
    output_of({"nft", "add", "table", "ip", "left"});
    output_of({"touch", "/var/lib/cni/lease"});
    const Snapshot after = take_snapshot();
    EXPECT_NE(after.links, before.links);
    EXPECT_NE(after.addresses, before.addresses);
    EXPECT_NE(after.routes, before.routes);
    EXPECT_NE(after.rules, before.rules);
    EXPECT_NE(after.nftables, before.nftables);
    EXPECT_NE(after.files, before.files);
}

TEST_F(Support, ProgramsThatFailSayWhy) {
    const Finished finished =
        run({.argv = {"sh", "-c", "cat; echo bad >&2; exit 3"}, .input = "in"});
    EXPECT_EQ(finished.exit_code(), 3);
    EXPECT_EQ(finished.out, "in");
    EXPECT_EQ(finished.err, "bad\n");
    EXPECT_EQ(run({.argv = {"/nonexistent"}}).exit_code(), 127);
    EXPECT_THROW(output_of({"false"}), Error);
}

TEST_F(Support, PluginGetsOnlyTheVariablesOfItsCall) {
    PluginArgs args{.container_id = "x", .netns = {}, .ifname = "net0", .args = "A=B"};
    args.executables = "/usr/bin";
    const PluginRun env = run_plugin("env", "ADD", args, "");
    EXPECT_EQ(env.out.find("HOME="), std::string::npos);
    EXPECT_EQ(env.out.find("CNI_NETNS"), std::string::npos);
    for (const char* entry :
         {"CNI_COMMAND=ADD\n", "CNI_CONTAINERID=x\n", "CNI_IFNAME=net0\n", "CNI_ARGS=A=B\n"})
        EXPECT_NE(env.out.find(entry), std::string::npos) << env.out;
    EXPECT_NE(env.out.find(cat("CNI_PATH=", bin_dir())), std::string::npos);
}

// What two files tell about how far the program got that makes them, in order.
std::string made_so_far() {
    std::string made;
    for (const char* path : {"/run/first", "/run/second"})
        if (::unlink(path) == 0) made += "x";
    return made;
}

std::set<std::string> made_when_killed_anywhere(const std::vector<std::string>& argv) {
    std::set<std::string> seen;
    for (int number = 1; run_with_fault({.argv = argv}, {number}).reached; ++number)
        seen.insert(made_so_far());
    EXPECT_EQ(made_so_far(), "xx") << "once it is no longer killed";
    return seen;
}

TEST_F(Support, KilledProgramsGetNoFurtherThanTheirNthSystemCall) {
    const auto seen = made_when_killed_anywhere({"touch", "/run/first", "/run/second"});
    EXPECT_EQ(seen, (std::set<std::string>{"", "x", "xx"}));
}

TEST_F(Support, KillingAProgramCountsTheCallsOfItsChildren) {
    const auto seen =
        made_when_killed_anywhere({"sh", "-c", "touch /run/first; touch /run/second"});
    EXPECT_EQ(seen, (std::set<std::string>{"", "x", "xx"}));
}

TEST_F(Support, ErrorObjectsAreRead) {
    const PluginRun failed{{.status = 1 << 8, .out = R"({"code":7,"msg":"no"})", .err = ""}};
    EXPECT_EQ(failed.error_code(), 7);
    EXPECT_EQ(failed.error_message(), "no");
    const PluginRun garbled{{.status = 1 << 8, .out = "oops", .err = ""}};
    EXPECT_EQ(garbled.error_code(), -1);
}

}  // namespace
}  // namespace cni::test
