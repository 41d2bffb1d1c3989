// DEL goes by what ADD has saved, and does without.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FlannelDel : public FlannelSpy {};
class FlannelDelBridge : public FlannelTest {};

const nlohmann::json other = {{"delegate", {{"type", "other"}}}};

TEST_F(FlannelDel, GoesByWhatAddSaved) {
    expect_ok(call("ADD", spied({{"runtimeConfig", {{"mac", "02:00:00:00:00:01"}}}})));
    json added = last_input();
    remove_subnets();
    const json result = {{"cniVersion", "1.1.0"}, {"ips", {{{"address", "10.1.2.2/24"}}}}};
    expect_ok(call("DEL", recorded(spied(other), result)));
    EXPECT_EQ(spies_->calls().back().name(), "spy DEL");
    added["prevResult"] = result;
    EXPECT_EQ(last_input(), added);
    EXPECT_THAT(records(), IsEmpty());
}

// A saved configuration without cniVersion, say, with a result of 1.1.0 beside.
TEST_F(FlannelDel, TheVersionIsThatOfTheCall) {
    write_record("c1", R"({"name":"net1","type":"spy","cniVersion":"0.3.1"})");
    expect_ok(call("DEL", spied()));
    EXPECT_EQ(last_input(), json::parse(R"({"name":"net1","type":"spy","cniVersion":"1.1.0"})"));
}

TEST_F(FlannelDel, WhatFailsIsTriedAgain) {
    expect_ok(call("ADD", spied()));
    spies_->fail("spy", "DEL", R"({"code": 7, "msg": "spy says no"})");
    for (int i = 0; i < 2; ++i) {
        const PluginRun run = call("DEL", spied(other));
        EXPECT_EQ(run.error_code(), 7);
        EXPECT_EQ(run.error_message(), "spy says no");
        EXPECT_THAT(records(), ElementsAre("c1"));
    }
    spies_->succeed("spy", "DEL");
    expect_ok(call("DEL", spied(other)));
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy DEL", "spy DEL", "spy DEL"));
}

TEST_F(FlannelDel, EachInterfaceHasItsOwn) {
    expect_ok(call("ADD", spied()));
    expect_ok(call("ADD", spied(other), "eth1"));
    EXPECT_THAT(records(), ElementsAre("c1", "c1:eth1:net1"));
    expect_ok(call("DEL", spied()));
    EXPECT_THAT(records(), ElementsAre("c1:eth1:net1"));
    expect_ok(call("DEL", spied(), "eth1"));
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "other ADD", "spy DEL", "other DEL"));
}

TEST_F(FlannelDel, AndSoHasEachNetwork) {
    const json net2 = spied({{"name", "net2"}, {"delegate", {{"type", "other"}}}});
    expect_ok(call("ADD", spied()));
    expect_ok(call("ADD", net2));
    EXPECT_THAT(records(), ElementsAre("c1", "c1:eth0:net2"));
    for (const json& each : {net2, spied()}) expect_ok(call("DEL", each));
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "other ADD", "other DEL", "spy DEL"));
}

TEST_F(FlannelDel, IdsMayBeLongerThanNamesOfFiles) {
    PluginArgs with = spied_args();
    with.container_id = std::string(300, 'x');
    expect_ok(flannel("ADD", with, spied()));
    EXPECT_THAT(records(), ElementsAre(::testing::StartsWith(":")));
    expect_ok(flannel("DEL", with, spied(other)));
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy DEL"));
}

// The reference plugin keeps one file for all interfaces of a container.
TEST_F(FlannelDel, TheReferencePluginsFileIsUsedOnceAndTheOthersRecomputed) {
    write_record("c1", R"({"name":"net1","type":"spy"})");
    expect_ok(call("DEL", spied(other)));
    EXPECT_THAT(records(), IsEmpty());
    expect_ok(call("DEL", spied(other), "eth1"));
    EXPECT_THAT(calls(), ElementsAre("spy DEL", "other DEL"));
}

TEST_F(FlannelDel, TheReferencePluginsFileOfAnotherNetworkIsLeft) {
    write_record("c1", R"({"name":"net2","type":"spy"})");
    expect_ok(call("DEL", spied(other)));
    EXPECT_THAT(records(), ElementsAre("c1"));
    EXPECT_THAT(calls(), ElementsAre("other DEL"));
}

TEST_F(FlannelDel, AnAddBesideTheReferencePluginsFileLeavesIt) {
    const std::string theirs = R"({"name":"net1","type":"other"})";
    write_record("c1", theirs);
    expect_ok(call("ADD", spied(), "eth1"));
    EXPECT_EQ(record("c1"), theirs);
    expect_ok(call("DEL", spied(), "eth1"));
    EXPECT_THAT(records(), ElementsAre("c1"));
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy DEL"));
}

TEST_F(FlannelDel, WithoutAFileItIsRecomputed) {
    for (const bool is_there : {true, false}) {
        if (!is_there) remove_subnets();
        expect_ok(call("DEL", spied()));
        EXPECT_EQ(last_input()["ipam"].contains("ranges"), is_there);
        EXPECT_THAT(calls(), ElementsAre("spy DEL"));
    }
}

TEST_F(FlannelDel, WhatCouldNotBeAddedNeedNotBeDeleted) {
    for (const json& keys : std::vector<json>{{{"delegate", 5}},
                                              {{"delegate", {{"type", "none"}}}},
                                              {{"ipam", "x"}},
                                              {{"subnetFile", 7}}}) {
        json config = spied();
        config.erase("delegate");
        config.merge_patch(keys);
        const PluginRun run = call("DEL", config);
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.err, "");
    }
    EXPECT_THAT(calls(), IsEmpty());
}

// With a garbled file something was added.
TEST_F(FlannelDel, WithAGarbledFileTheConfigurationHasToBeRight) {
    write_record("c1", "");
    const PluginRun run = call("DEL", spied({{"ipam", "x"}}));
    EXPECT_EQ(run.error_code(), 7) << run.report();
    EXPECT_THAT(records(), ElementsAre("c1"));
}

TEST_F(FlannelDelBridge, GarbledFilesAreReplacedByWhatIsKnown) {
    const char* const garble[] = {": >f",
                                  "printf '{\"name\":\"net1\",\"ty' >f",
                                  "echo '[]' >f",
                                  "echo null >f",
                                  "echo '{\"name\":\"net1\"}' >f",
                                  "echo '{\"name\":\"net1\",\"type\":5}' >f",
                                  "echo '{\"name\":\"net1\",\"type\":\"flannel\"}' >f",
                                  "echo '{\"name\":\"net1\",\"type\":\"../../run/evil\"}' >f",
                                  "echo '{\"name\":5,\"type\":\"bridge\"}' >f",
                                  "echo '{\"name\":\"net1\",\"type\":\"bridge\",\"cnixx\":5}' >f",
                                  "head -c 2000000 /dev/zero >f",
                                  "ln -s /run/victim f",
                                  "ln -s /dev/zero f",
                                  "mkfifo f",
                                  "mkfifo f; exec 3<>f; sleep 100 >/dev/null 2>&1 &"};
    shell(
        "echo '#!/bin/sh\ntouch /run/was-run' >/run/evil; chmod 755 /run/evil; echo v "
        ">/run/victim");
    const TestNetns c("c1");
    for (const bool has_subnets : {true, false})
        for (const char* how : garble) {
            SCOPED_TRACE(how);
            write_subnets();
            add(c, network());
            if (!has_subnets) remove_subnets();
            shell(cat("cd ", data_dir, "; rm c1; ", how, "\n mv f c1"));
            const PluginRun run = flannel("DEL", c, network());
            EXPECT_TRUE(run.ok()) << run.report();
            EXPECT_THAT(run.err, HasSubstr("c1"));
            EXPECT_THAT(records(), IsEmpty());
            EXPECT_THAT(leases(), IsEmpty());
            EXPECT_TRUE(link(c, "eth0").is_null());
            del(c, network());
        }
    EXPECT_FALSE(std::filesystem::exists("/run/was-run"));
    EXPECT_EQ(shell("cat /run/victim"), "v\n");
}

TEST_F(FlannelDelBridge, WithoutAFileEverythingIsFound) {
    const TestNetns c("c1");
    for (const bool has_subnets : {true, false}) {
        write_subnets(subnets(2, "false"));
        add(c, network());
        shell(cat("rm -r ", data_dir));
        if (!has_subnets) remove_subnets();
        del(c, network());
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_THAT(ruleset(), Not(HasSubstr("10.1.2.")));
    }
}

TEST_F(FlannelDelBridge, AFolderThatOthersMayWriteToIsNotBelieved) {
    const TestNetns c("c1");
    add(c, network());
    shell(cat("chmod 0777 ", data_dir));
    for (const char* command : {"ADD", "DEL"}) {
        const PluginRun run = flannel(command, c, network());
        EXPECT_EQ(run.error_code(), 999);
        EXPECT_EQ(run.error_message(), cat("directory ", data_dir, " may be written to by others"));
    }
    shell(cat("chmod 0700 ", data_dir));
    del(c, network());
    EXPECT_THAT(leases(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
