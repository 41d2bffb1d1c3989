// CHECK, STATUS and GC: what the plugin itself looks at, and what the delegate does.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FlannelCheck : public FlannelSpy {};
class FlannelStatus : public FlannelSpy {};
class FlannelBridgeGc : public FlannelTest {};

TEST_F(FlannelCheck, IsForwardedWithWhatAddSaved) {
    expect_ok(call("ADD", spied()));
    json added = last_input();
    const json result = {{"cniVersion", "1.1.0"}, {"ips", {{{"address", "10.1.2.2/24"}}}}};
    expect_ok(call("CHECK", recorded(spied({{"delegate", {{"mtu", 1}}}}), result)));
    added["prevResult"] = result;
    EXPECT_EQ(last_input(), added);
    spies_->fail("spy", "CHECK", R"({"code": 123, "msg": "not as it was"})");
    EXPECT_EQ(call("CHECK", recorded(spied(), result)).error_code(), 123);
}

TEST_F(FlannelCheck, NoticesAnotherSubnet) {
    expect_ok(call("ADD", spied()));
    write_subnets(subnets(3));
    const PluginRun run = call("CHECK", spied());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_EQ(run.error_message(),
              "the container has an address of 10.1.2.0/24, fd00:1:2::/64, and this node has "
              "10.1.3.0/24, fd00:1:3::/64 now");
    EXPECT_THAT(run.out, HasSubstr(subnet_file));
    // One more family is no loss.
    write_subnets();
    expect_ok(call("CHECK", spied()));
    EXPECT_THAT(calls(), ElementsAre("spy ADD", "spy CHECK"));
}

TEST_F(FlannelCheck, WantsASubnetFileAndARecord) {
    expect_ok(call("ADD", spied()));
    remove_subnets();
    EXPECT_THAT(call("CHECK", spied()).error_message(),
                StartsWith("failed to load flannel 'subnet.env' file: "));
    write_subnets();
    write_record("c1", "{");
    EXPECT_EQ(call("CHECK", spied()).error_message(),
              "saved configuration /var/lib/cni/flannel/c1 is garbled");
    shell(cat("rm ", data_dir, "/c1"));
    EXPECT_EQ(call("CHECK", spied()).error_message(),
              "no configuration of container c1, interface eth0, is saved in "
              "/var/lib/cni/flannel");
}

TEST_F(FlannelStatus, IsForwardedWithWhatAddWouldGive) {
    expect_ok(call("STATUS", spied()));
    const json asked = last_input();
    expect_ok(call("ADD", spied()));
    EXPECT_EQ(asked, last_input());
    spies_->fail("spy", "STATUS", R"({"code": 51, "msg": "half"})");
    const PluginRun run = call("STATUS", spied());
    EXPECT_EQ(run.error_code(), 51);
    EXPECT_EQ(run.error_message(), "half");
}

TEST_F(FlannelStatus, IsNotReadyUntilTheDaemonHasWritten) {
    for (const char* text : {"", "FLANNEL_MTU=1450\n"}) {
        if (*text)
            write_subnets(text);
        else
            remove_subnets();
        const PluginRun run = call("STATUS", spied());
        EXPECT_EQ(run.error_code(), 50);
        EXPECT_THAT(run.error_message(), StartsWith("failed to load flannel 'subnet.env' file: "));
    }
    EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(FlannelStatus, NoticesContainersOfAnotherSubnet) {
    expect_ok(call("ADD", spied()));
    write_subnets(subnets(3));
    const PluginRun run = call("STATUS", spied());
    EXPECT_EQ(run.error_code(), 51);
    EXPECT_EQ(run.error_message(),
              "container c1 has an address of 10.1.2.0/24, fd00:1:2::/64, and this node has "
              "10.1.3.0/24, fd00:1:3::/64 now");
    expect_ok(call("STATUS", spied({{"name", "net2"}})));
    write_subnets();
    expect_ok(call("STATUS", spied()));
}

// Their DEL may never come.
TEST_F(FlannelStatus, DoesNotMindTheDead) {
    expect_ok(call("ADD", spied()));
    write_subnets(subnets(3));
    const std::string alive = record("c1");
    const auto boot = shell("cat /proc/sys/kernel/random/boot_id").substr(0, 36);
    std::string earlier = alive;
    ASSERT_NE(earlier.find(boot), earlier.npos);
    earlier.replace(earlier.find(boot), boot.size(), "an-earlier-boot");
    write_record("c1", earlier);
    expect_ok(call("STATUS", spied()));
    write_record("c1", alive);
    write_record("c2",
                 R"({"name":"net1","type":"spy","ipam":{"ranges":[[{"subnet":"1.1.1.0/24"}]]}})");
    write_record("c3", "{");
    EXPECT_EQ(call("STATUS", spied()).error_code(), 51);
    container_->unmount();
    expect_ok(call("STATUS", spied()));
}

TEST_F(FlannelStatus, WantsAFolderThatCanBeWrittenTo) {
    const PluginRun run = call("STATUS", spied({{"dataDir", cat(subnet_file, "/x")}}));
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_EQ(run.error_message(), "data directory is not writable: Not a directory");
    shell(cat("mkdir -m 0777 ", data_dir));
    EXPECT_EQ(call("STATUS", spied()).error_message(),
              cat("directory ", data_dir, " may be written to by others"));
    EXPECT_EQ(call("STATUS", spied()).error_code(), 50);
}

PluginArgs none(const RecordingPlugins& spies) {
    return {.container_id = {}, .netns = {}, .ifname = {}, .path = spies.path()};
}

class FlannelSpyGc : public FlannelSpy {
protected:
    PluginRun collect(const json& valid, const json& keys = json::object()) const {
        json config = spied(keys);
        config["cni.dev/valid-attachments"] = valid;
        return flannel("GC", none(*spies_), config);
    }
};

TEST_F(FlannelSpyGc, DeletesWhatIsNotValidByItsOwnRecordAndIsForwarded) {
    expect_ok(call("ADD", spied({{"delegate", {{"type", "other"}}}})));
    expect_ok(call("ADD", spied(), "eth1"));
    write_record("c2", R"({"name":"net1","type":"other"})");
    write_record("c3", R"({"name":"net2","type":"other"})");
    write_record("c4", "{");
    spies_->forget();
    const json valid = {{{"containerID", "c1"}, {"ifname", "eth1"}}};
    expect_ok(collect(valid));
    const auto got = spies_->calls();
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].name(), "other DEL");
    EXPECT_EQ(got[0].container_id + got[0].ifname + got[0].netns, "c1eth0");
    EXPECT_EQ(got[1].name(), "other DEL");
    EXPECT_EQ(got[1].container_id + got[1].ifname, "c2eth0");
    EXPECT_EQ(got[2].name(), "spy GC");
    EXPECT_EQ(got[2].json()["cni.dev/valid-attachments"], valid);
    EXPECT_EQ(got[2].json()["ipam"]["ranges"][0][0]["subnet"], "10.1.2.0/24");
    EXPECT_THAT(records(), ElementsAre("c1:eth1:net1", "c3", "c4"));
}

TEST_F(FlannelSpyGc, KeepsTheReferencePluginsFileOfAValidContainer) {
    write_record("c2", R"({"name":"net1","type":"other"})");
    expect_ok(collect({{{"containerID", "c2"}, {"ifname", "net7"}}}));
    EXPECT_THAT(records(), ElementsAre("c2"));
    EXPECT_THAT(calls(), ElementsAre("spy GC"));
}

TEST_F(FlannelSpyGc, WithoutAListOnlyTheDelegateIsAsked) {
    expect_ok(call("ADD", spied()));
    spies_->forget();
    expect_ok(call("GC", spied()));
    EXPECT_THAT(calls(), ElementsAre("spy GC"));
    EXPECT_THAT(records(), ElementsAre("c1"));
    // null says that nothing is valid.
    expect_ok(collect(nullptr));
    EXPECT_THAT(spies_->call_names(), ElementsAre("spy DEL", "spy GC"));
    EXPECT_TRUE(last_input().contains("cni.dev/valid-attachments"));
    EXPECT_TRUE(last_input()["cni.dev/valid-attachments"].is_null());
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(FlannelSpyGc, WhatCannotBeDeletedIsKeptAndTheRestTried) {
    expect_ok(call("ADD", spied()));
    write_record("c2", R"({"name":"net1","type":"other"})");
    write_record("c3", R"({"name":"net1","type":"gone"})");
    spies_->forget();
    remove_subnets();
    spies_->fail("spy", "DEL", R"({"code": 123, "msg": "spy says no"})");
    const PluginRun run = collect(json::array());
    EXPECT_EQ(run.error_code(), 123);
    EXPECT_THAT(run.out, HasSubstr("failed to find plugin \\\"gone\\\""));
    EXPECT_THAT(calls(), ElementsAre("spy DEL", "other DEL", "spy GC"));
    EXPECT_THAT(records(), ElementsAre("c1", "c3"));
}

TEST_F(FlannelBridgeGc, LeavesNothingOfTheDead) {
    const TestNetns one("c1"), two("c2");
    const json result = add(one, network());
    add(two, network());
    const PluginRun run = gc(network(), {"c1"});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out + run.err, "");
    EXPECT_TRUE(link(two, "eth0").is_null());
    EXPECT_EQ(leases().size(), 2u);
    EXPECT_THAT(records(), ElementsAre("c1"));
    EXPECT_TRUE(flannel("CHECK", one, recorded(network(), result)).ok());
}

}  // namespace
}  // namespace cni::test
