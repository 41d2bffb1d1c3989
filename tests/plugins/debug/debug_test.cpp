#include <gmock/gmock.h>

#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Debug : public SandboxTest {
protected:
    using json = nlohmann::json;

    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) container_.emplace("c1");
    }
    PluginRun call(const std::string& command, const json& keys = json::object()) const {
        json config = {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", "debug"}};
        config.merge_patch(keys);
        last_stdin_ = config.dump();
        return run_plugin("debug", command,
                          {.netns = container_->path(),
                           .args = "IgnoreUnknown=1",
                           .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}},
                          last_stdin_);
    }
    static std::string written() { return read_file("/run/log", 1 << 20).value_or("(no file)"); }

    std::optional<TestNetns> container_;
    mutable std::string last_stdin_;
};

TEST_F(Debug, WritesEachCallDown) {
    const json keys = {{"cniOutput", "/run/log"}};
    std::string expected;
    for (const auto& [command, name] :
         {std::pair("ADD", "CmdAdd"), std::pair("CHECK", "CmdCheck"), std::pair("DEL", "CmdDel")}) {
        const PluginRun run = call(command, keys);
        EXPECT_TRUE(run.ok()) << run.report();
        expected += cat(name, "\nContainerID: c1\nNetns: /run/netns/c1\nIfName: eth0\n",
                        "Args: IgnoreUnknown=1\nPath: ", bin_dir(), "\nStdinData: ", last_stdin_,
                        "\n----------------------\n");
    }
    EXPECT_EQ(written(), expected);
}

TEST_F(Debug, AddPrintsPrevResultOrAnEmptyResult) {
    EXPECT_EQ(call("ADD").json(), json::parse(R"({"cniVersion": "1.0.0"})"));
    const json prev = json::parse(R"({"cniVersion": "1.0.0", "interfaces": [{"name": "eth0"}]})");
    EXPECT_EQ(call("ADD", {{"prevResult", prev}}).json(), prev);
    EXPECT_THAT(call("CHECK").out, IsEmpty());
    EXPECT_THAT(call("DEL").out, IsEmpty());
}

TEST_F(Debug, HooksRunInsideTheContainerWithThePluginsEnvironment) {
    const auto hooks = [](const char* script) {
        return json::array({json::array({"sh", "-c", script}), json::array()});
    };
    const json keys = {
        {"addHooks", hooks("ip link set lo alias \"$CNI_COMMAND of $CNI_CONTAINERID\"")},
        {"delHooks", hooks("ip link set lo alias gone")}};
    EXPECT_TRUE(call("ADD", keys).ok());
    EXPECT_THAT(container_->output_of({"ip", "link", "show", "lo"}), HasSubstr("alias ADD of c1"));
    EXPECT_TRUE(call("DEL", keys).ok());
    EXPECT_THAT(container_->output_of({"ip", "link", "show", "lo"}), HasSubstr("alias gone"));
}

TEST_F(Debug, AHookThatFailsIsReportedAndTheNextOneRuns) {
    const json keys = {{"addHooks",
                        {{"sh", "-c", "echo so; exit 3"},
                         {"none-such"},
                         {"ip", "link", "set", "lo", "alias", "reached"}}}};
    const PluginRun run = call("ADD", keys);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("exit status 3\nso"));
    EXPECT_THAT(run.err, HasSubstr("hook \"none-such\": not found in PATH"));
    EXPECT_THAT(container_->output_of({"ip", "link", "show", "lo"}), HasSubstr("alias reached"));
}

TEST_F(Debug, WhatCannotBeWrittenIsSaidAndNothingElseFails) {
    output_of({"ln", "-s", "/run/elsewhere", "/run/log"});
    const PluginRun run = call("ADD", {{"cniOutput", "/run/log"}});
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("cniOutput: open /run/log"));
    EXPECT_FALSE(read_file("/run/elsewhere", 10));
}

TEST_F(Debug, WhereHooksCannotRunThatIsSaidAndNothingElseFails) {
    const json hooks = json::array({json::array({"ip", "link"})});
    const json keys = {{"addHooks", hooks}, {"delHooks", hooks}};
    for (const char* command : {"ADD", "DEL"}) {
        without({Missing::entering_namespaces}, [&] {
            const PluginRun run = call(command, keys);
            EXPECT_TRUE(run.ok()) << run.report();
            EXPECT_THAT(run.err, HasSubstr("no hook runs: enter network namespace"));
        });
        json config = {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", "debug"}};
        config.merge_patch(keys);
        const PluginArgs args{.container_id = std::string(250, 'a'), .netns = "/etc/passwd"};
        const PluginRun run = run_plugin("debug", command, args, config.dump());
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_THAT(run.err, HasSubstr("no hook runs: "));
    }
}

TEST_F(Debug, AMistakeInTheConfigurationFailsAddButNotDel) {
    const json keys = {{"addHooks", "ip link"}, {"delHooks", {{1}}}};
    EXPECT_EQ(call("ADD", keys).error_code(), 7);
    const PluginRun run = call("DEL", keys);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("delHooks[0][0]"));
}

}  // namespace
}  // namespace cni::test
