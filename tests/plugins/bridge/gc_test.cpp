// GC removes what attachments that are no longer valid left, and nothing else.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

class BridgeGc : public BridgeTest {
protected:
    static json full(const json& keys = json::object()) {
        json config = layer3({{"cniVersion", "1.1.0"}, {"ipMasq", true}, {"macspoofchk", true}});
        config.merge_patch(keys);
        return config;
    }
    static json with_valid(json config, const std::vector<std::string>& ids) {
        json valid = json::array();
        for (const std::string& id : ids)
            valid.push_back({{"containerID", id}, {"ifname", "eth0"}});
        config["cni.dev/valid-attachments"] = valid;
        return config;
    }
    static PluginRun gc(const json& config) {
        PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
        none.path = cat(bin_dir(), ":", ScriptedIpam::dir);
        return call("GC", none, config);
    }
    static bool ruleset_names(const std::string& container) {
        return ruleset().find(container) != std::string::npos;
    }
};

TEST_F(BridgeGc, RemovesAllOfAStaleAttachmentAndNothingOfAValidOne) {
    const Outside outside;
    const TestNetns valid("valid"), stale("stale");
    const json kept = add(valid, full());
    const Snapshot before = host_snapshot();
    add(stale, full());
    const PluginRun run = gc(with_valid(full(), {"valid"}));
    EXPECT_TRUE(run.ok()) << run.report();
    const Snapshot after = host_snapshot();
    EXPECT_EQ(after.links, before.links);
    EXPECT_EQ(after.nftables, before.nftables);
    EXPECT_EQ(leases(), (std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"}));
    EXPECT_TRUE(link(stale, "eth0").is_null());
    EXPECT_TRUE(ping(valid.netns(), outside.address()));
    EXPECT_TRUE(call("DEL", args(stale), full()).ok());
}

TEST_F(BridgeGc, CleansUpBehindANamespaceThatIsGone) {
    {
        const TestNetns c("gone");
        add(c, full());
    }
    EXPECT_TRUE(ruleset_names("gone"));
    EXPECT_TRUE(gc(with_valid(full(), {})).ok());
    EXPECT_FALSE(ruleset_names("gone"));
    EXPECT_TRUE(leases().empty());
}

TEST_F(BridgeGc, TellsInterfacesOfOneContainerApart) {
    const TestNetns c("c1");
    add(c, full());
    const json before = ruleset();
    add(c, full({{"ipam", {{"routes", nullptr}}}}), "net1");
    EXPECT_TRUE(gc(with_valid(full(), {"c1"})).ok());
    EXPECT_FALSE(link(c, "eth0").is_null());
    EXPECT_TRUE(link(c, "net1").is_null());
    EXPECT_EQ(json(ruleset()), before);
}

TEST_F(BridgeGc, IsPassedOnToIpamWhoseErrorIsTold) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const json config = scripted({{"cniVersion", "1.1.0"}, {"ipMasq", true}});
    const TestNetns c("c1");
    add(c, config);
    ipam.on("GC", "echo '{\"code\": 100, \"msg\": \"cannot\"}'; exit 1");
    const PluginRun run = gc(with_valid(config, {}));
    EXPECT_EQ(run.error_code(), 100);
    EXPECT_EQ(run.error_message(), "cannot");
    EXPECT_EQ(ipam.calls().back(), "GC  ");
    EXPECT_TRUE(link(c, "eth0").is_null()) << "the rest has to be done all the same";
    EXPECT_FALSE(ruleset_names("id: c1"));
}

TEST_F(BridgeGc, RefusesAListThatIsNone) {
    json config = full();
    config["cni.dev/valid-attachments"] = "all";
    EXPECT_EQ(gc(config).error_code(), 7);
    config["cni.dev/valid-attachments"] = json::array({{{"containerID", 5}}});
    EXPECT_EQ(gc(config).error_code(), 7);
}

}  // namespace
}  // namespace cni::test
