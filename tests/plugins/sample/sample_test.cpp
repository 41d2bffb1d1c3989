#include <gmock/gmock.h>

#include "support/bridge_fixture.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

// An interface made by bridge, and sample behind it in the chain.
class Sample : public BridgeTest {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        result_ = add(*container_, layer3());
    }

    json config(const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"}, {"name", "net1"},
                    {"type", "sample"},      {"anotherAwesomeArg", "hello"},
                    {"myAwesomeFlag", true}, {"prevResult", result_}};
        out.merge_patch(keys);
        return out;
    }
    PluginRun sample(const std::string& command, const json& keys = json::object()) const {
        return run_plugin("sample", command, args(*container_), config(keys).dump());
    }
    std::string alias() const { return link(*container_, "eth0").value("ifalias", ""); }

    std::optional<TestNetns> container_;
    json result_;
};

TEST_F(Sample, AddLabelsTheInterfaceAndPassesTheResultOn) {
    const PluginRun run = sample("ADD");
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json(), result_);
    EXPECT_EQ(alias(), "hello");
    EXPECT_TRUE(sample("CHECK").ok());
    EXPECT_TRUE(sample("DEL").ok());
    EXPECT_EQ(alias(), "");
    EXPECT_TRUE(sample("DEL").ok());
}

TEST_F(Sample, WithoutTheFlagNothingIsChanged) {
    const PluginRun run = sample("ADD", {{"myAwesomeFlag", nullptr}});
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(alias(), "");
    EXPECT_TRUE(sample("CHECK", {{"myAwesomeFlag", nullptr}}).ok());
    // Nor is anything needed.
    container_->output_of({"ip", "link", "delete", "eth0"});
    for (const char* command : {"ADD", "CHECK"}) {
        EXPECT_TRUE(sample(command, {{"myAwesomeFlag", false}}).ok()) << command;
        EXPECT_THAT(sample(command).error_message(), HasSubstr("eth0: No such device")) << command;
    }
}

TEST_F(Sample, WhatTheKernelRefusesKeepsNoContainer) {
    ASSERT_TRUE(sample("ADD").ok());
    without({Missing::entering_namespaces}, [&] {
        const PluginRun run = sample("DEL");
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("enter network namespace"));
        EXPECT_EQ(sample("CHECK").error_code(), 999);
    });
}

TEST_F(Sample, CheckNamesTheLabelItFinds) {
    ASSERT_TRUE(sample("ADD").ok());
    container_->output_of({"ip", "link", "set", "eth0", "alias", "other"});
    EXPECT_EQ(sample("CHECK").error_message(),
              R"(interface eth0 is labelled "other" instead of "hello")");
}

TEST_F(Sample, AddWantsAChainWithAddresses) {
    EXPECT_EQ(sample("ADD", {{"prevResult", nullptr}}).error_message(),
              "must be called as chained plugin");
    EXPECT_EQ(sample("ADD", {{"prevResult", {{"ips", nullptr}}}}).error_message(),
              "got no container IPs");
    EXPECT_EQ(sample("ADD", {{"anotherAwesomeArg", nullptr}}).error_code(), 7);
}

TEST_F(Sample, StatusAsksTheIpamPluginIfThereIsOne) {
    EXPECT_TRUE(sample("STATUS", {{"cniVersion", "1.1.0"}, {"prevResult", nullptr}}).ok());
    const PluginRun run = sample(
        "STATUS",
        {{"cniVersion", "1.1.0"}, {"prevResult", nullptr}, {"ipam", {{"type", "none-such"}}}});
    EXPECT_THAT(run.error_message(), HasSubstr("failed to find plugin \"none-such\""));
}

}  // namespace
}  // namespace cni::test
