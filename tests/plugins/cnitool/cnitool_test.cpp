// cnitool as a program: command line, environment, output, exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/release.h"
#include "support/plugin_run.h"
#include "support/process.h"
#include "support/recording.h"
#include "support/sandbox.h"
#include "support/scripted_ipam.h"
#include "support/snapshot.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* n1_id = "cnitool-3153e3b71ea596a0a0e0";  // of /run/netns/n1

class Cnitool : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        net_d_.write("10-net1.conflist", list("net1", "1.1.0"));
    }
    static std::string list(const std::string& name, const std::string& version) {
        return cat(R"({"cniVersion":")", version, R"(","name":")", name,
                   R"(","plugins":[{"type":"a","capabilities":{"ips":true}},{"type":"b"}]})");
    }
    Finished tool(const std::vector<std::string>& words,
                  const std::vector<std::string>& more_environment = {}) const {
        Program program{.argv = {cat(bin_dir(), "/cnitool")}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        // The first of two entries counts.
        program.environment = more_environment;
        program.environment.push_back(cat("NETCONFPATH=", net_d_.path()));
        program.environment.push_back(cat("CNI_PATH=", plugins_.path()));
        for (const std::string& entry : Program::inherited()) program.environment.push_back(entry);
        return run(program);
    }
    TempDir net_d_;
    RecordingPlugins plugins_{{"a", "b"}};
};

TEST_F(Cnitool, AddPrintsTheLastResultAndKeepsIt) {
    plugins_.answer("b", "ADD", R"({"cniVersion":"1.1.0","ips":[{"address":"10.0.0.2/24"}]})");
    const Finished add = tool({"add", "net1", "/run/netns/n1"});
    EXPECT_EQ(add.exit_code(), 0) << add.err;
    EXPECT_EQ(add.out,
              "{\n    \"cniVersion\": \"1.1.0\",\n    \"ips\": [\n        {\n"
              "            \"address\": \"10.0.0.2/24\"\n        }\n    ]\n}");
    EXPECT_THAT(output_of({"ls", "/var/lib/cni/results"}), cat("net1-", n1_id, "-eth0\n"));
    const auto call = plugins_.calls().at(0);
    EXPECT_EQ(call.container_id, n1_id);
    EXPECT_EQ(call.netns, "/run/netns/n1");
    EXPECT_EQ(call.ifname, "eth0");
    EXPECT_EQ(call.path, plugins_.path());
}

TEST_F(Cnitool, AddCheckDelRunTheChainWithTheKeptResult) {
    EXPECT_TRUE(tool({"add", "net1", "/run/netns/n1"}).ok());
    EXPECT_TRUE(tool({"check", "net1", "/run/netns/n1"}).ok());
    const Finished del = tool({"del", "net1", "/run/netns/n1"});
    EXPECT_TRUE(del.ok());
    EXPECT_EQ(del.out, "");
    EXPECT_TRUE(tool({"del", "net1", "/run/netns/n1"}).ok());
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a ADD", "b ADD", "a CHECK", "b CHECK", "b DEL",
                                                   "a DEL", "b DEL", "a DEL"));
    const auto calls = plugins_.calls();
    EXPECT_TRUE(calls[4].json().contains("prevResult"));
    EXPECT_FALSE(calls[6].json().contains("prevResult"));
}

TEST_F(Cnitool, FailuresAreOneLineAndAHint) {
    plugins_.fail("b", "ADD", R"({"code":999,"msg":"no","details":"why"})");
    const Finished add = tool({"add", "net1", "/run/netns/n1"});
    EXPECT_EQ(add.exit_code(), 1);
    EXPECT_EQ(add.out, "");
    EXPECT_EQ(add.err,
              "plugin type=\"b\" failed (add): no; why\n"
              "what was made before that stays: remove it with cnitool del net1 /run/netns/n1 "
              "-i eth0\n");
    plugins_.fail("b", "DEL", R"({"code":999,"msg":"no"})");
    const Finished del = tool({"del", "net1", "/run/netns/n1"});
    EXPECT_EQ(del.exit_code(), 1);
    EXPECT_EQ(del.err, "plugin type=\"b\" failed (delete): no\n");
}

// Of a network that lives a del would be the end.
TEST_F(Cnitool, ASecondAddThatFailsGivesNoAdviceToDelete) {
    ASSERT_TRUE(tool({"add", "net1", "/run/netns/n1"}).ok());
    plugins_.fail("b", "ADD", R"({"code":999,"msg":"no"})");
    EXPECT_EQ(
        tool({"add", "net1", "/run/netns/n1"}).err,
        "plugin type=\"b\" failed (add): no\n"
        "this attachment was added before, and cnitool del would take that away: cnitool check "
        "net1 /run/netns/n1 -i eth0 tells whether it lives\n");
    EXPECT_THAT(tool({"add", "net1", "/run/netns/n1", "-i", "eth1"}).err,
                HasSubstr("remove it with cnitool del net1 /run/netns/n1 -i eth1\n"));
    ASSERT_TRUE(tool({"del", "net1", "/run/netns/n1"}).ok());
    EXPECT_THAT(tool({"add", "net1", "/run/netns/n1"}).err, HasSubstr("remove it with"));
    // Which may be the interface of an add that is still under way.
    plugins_.fail("a", "ADD", R"({"code":999,"msg":"eth0 is there"})");
    EXPECT_EQ(tool({"add", "net1", "/run/netns/n1"}).err,
              "plugin type=\"a\" failed (add): eth0 is there\n");
}

TEST_F(Cnitool, ABrokenFileIsNamedAndTheOtherNetworksWork) {
    const std::string broken = net_d_.write("05-broken.conflist", "{\n  \"name\": \"x\",\n");
    const Finished add = tool({"add", "net1", "/run/netns/n1"});
    EXPECT_TRUE(add.ok()) << add.err;
    EXPECT_THAT(add.err, StartsWith("passed over: "));
    EXPECT_THAT(add.err, EndsWith(cat("file ", broken, "\n")));
    EXPECT_TRUE(tool({"del", "net1", "/run/netns/n1"}).ok());
    EXPECT_EQ(tool({"add", "x", "/run/netns/n1"}).exit_code(), 1);
    EXPECT_THAT(tool({"add", "x", "/run/netns/n1"}).err, HasSubstr(broken));
}

TEST_F(Cnitool, WithoutAKnownCommandItShowsUsageAndFails) {
    EXPECT_EQ(tool({}).exit_code(), 1);
    EXPECT_THAT(tool({}).err, StartsWith("usage: cnitool COMMAND"));
    const Finished unknown = tool({"delete", "net1", "/run/netns/n1"});
    EXPECT_EQ(unknown.exit_code(), 1);
    EXPECT_EQ(unknown.err,
              "unknown command \"delete\", did you mean \"del\"?\n"
              "commands: add, check, del, doctor, explain, gc, install, ipam, list, metrics, "
              "schema, status, "
              "uninstall, validate, version; cnitool help says more\n");
    EXPECT_THAT(tool({"chekc"}).err, HasSubstr("did you mean \"check\"?\n"));
    EXPECT_THAT(tool({"remove"}).err, StartsWith("unknown command \"remove\"\ncommands: add, "));
    EXPECT_THAT(tool({"add", "net1"}).err,
                "add needs NETWORK NETNS\nusage: cnitool add [OPTION...] NETWORK NETNS\n");
    EXPECT_EQ(tool({"add", "net1"}).exit_code(), 1);
    EXPECT_THAT(tool({"add", "net1", "x", "y"}).err, StartsWith("superfluous operand \"y\"\n"));
    EXPECT_THAT(tool({"add", "--nope", "net1", "x"}).err, StartsWith("unknown option --nope\n"));
    EXPECT_THAT(tool({"add", "net1", "x", "-i"}).err, StartsWith("option -i needs an argument\n"));
    EXPECT_THAT(tool({"add", "--time=1", "net1", "x"}).err,
                StartsWith("option --time=1 takes no argument\n"));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Cnitool, HelpIsThereForEveryCommand) {
    EXPECT_THAT(tool({"help"}).out, StartsWith("usage: cnitool COMMAND"));
    for (const char* verb :
         {"add", "check", "del", "doctor", "explain", "gc", "install", "ipam", "list", "metrics",
          "schema", "status", "uninstall", "validate", "version"}) {
        const Finished help = tool({verb, "--help"});
        EXPECT_TRUE(help.ok()) << verb;
        EXPECT_THAT(help.out, StartsWith(cat("usage: cnitool ", verb)));
        EXPECT_THAT(help.out, HasSubstr("-h, --help")) << verb;
        EXPECT_THAT(help.out, HasSubstr("\nexample:\n  ")) << verb;
        EXPECT_THAT(help.out.substr(help.out.find("example:")), HasSubstr(cat("cnitool ", verb)));
    }
}

TEST_F(Cnitool, TheInterfaceComesFromTheOptionThenTheEnvironmentThenIsEth0) {
    tool({"add", "net1", "n", "--ifname", "net9"}, {"CNI_IFNAME=net5"});
    tool({"add", "net1", "n", "-inet8"}, {"CNI_IFNAME=net5"});
    tool({"add", "net1", "n"}, {"CNI_IFNAME=net5"});
    tool({"add", "net1", "n"}, {"CNI_IFNAME="});
    const auto calls = plugins_.calls();
    ASSERT_EQ(calls.size(), 8u);
    EXPECT_EQ(calls[0].ifname, "net9");
    EXPECT_EQ(calls[2].ifname, "net8");
    EXPECT_EQ(calls[4].ifname, "net5");
    EXPECT_EQ(calls[6].ifname, "eth0");
}

TEST_F(Cnitool, TheNamespaceIsMadeAbsoluteAndCleanedByItsText) {
    tool({"add", "net1", "/run/../run//netns/./x/../n1/"});
    EXPECT_EQ(plugins_.calls().at(0).netns, "/run/netns/n1");
    EXPECT_EQ(plugins_.calls().at(0).container_id, n1_id);
    plugins_.forget();
    tool({"add", "net1", "rel/n1"});
    EXPECT_THAT(plugins_.calls().at(0).netns, StartsWith("/"));
    EXPECT_THAT(plugins_.calls().at(0).netns, EndsWith("/rel/n1"));
    EXPECT_THAT(tool({"add", "net1", ""}).err, HasSubstr("network namespace is empty"));
}

TEST_F(Cnitool, ArgumentsAndCapabilitiesComeFromTheEnvironment) {
    tool({"add", "net1", "/run/netns/n1"},
         {"CNI_ARGS=A=b;C=d", R"(CAP_ARGS={"ips":["1.2.3.4"],"mac":"x"})"});
    const auto calls = plugins_.calls();
    EXPECT_EQ(calls.at(0).args, "A=b;C=d");
    EXPECT_EQ(calls.at(0).json()["runtimeConfig"], R"({"ips":["1.2.3.4"]})"_json);
    EXPECT_FALSE(calls.at(1).json().contains("runtimeConfig"));
    const auto cached = nlohmann::json::parse(
        output_of({"cat", cat("/var/lib/cni/results/net1-", n1_id, "-eth0")}));
    EXPECT_EQ(cached["cniArgs"], R"([["A","b"],["C","d"]])"_json);
    EXPECT_EQ(cached["capabilityArgs"], R"({"ips":["1.2.3.4"],"mac":"x"})"_json);
}

TEST_F(Cnitool, WhatIsWrongComesInTheOrderOfReading) {
    const std::vector<std::string> bad = {"CAP_ARGS={", "CNI_ARGS=A", "CNI_IFNAME=a/b"};
    EXPECT_THAT(tool({"add", "nonet", "n"}, bad).err, StartsWith("no net configuration with name"));
    EXPECT_THAT(tool({"add", "net1", "n"}, bad).err, StartsWith("CAP_ARGS: line 1"));
    EXPECT_THAT(tool({"add", "net1", "n"}, {bad[1], bad[2]}).err,
                StartsWith("invalid CNI_ARGS pair \"A\""));
    EXPECT_THAT(tool({"add", "net1", "n"}, {bad[2]}).err,
                StartsWith("interface name contains / or : or whitespace"));
    EXPECT_THAT(tool({"add", "net1", "n"}, {"CAP_ARGS=[]"}).err,
                StartsWith("CAP_ARGS must be a JSON object"));
    EXPECT_EQ(
        tool({"add", "net1", "n"}, {"CNI_PATH="}).err,
        "plugin type=\"a\" failed (add): no paths provided; CNI_PATH is not set: it must name "
        "the directories of the plugins, like /opt/cni/bin\n");
    EXPECT_THAT(tool({"add", "nonet", "n"}, {"NETCONFPATH="}).err,
                HasSubstr("; NETCONFPATH is not set: it names the directory of the "
                          "configurations"));
    EXPECT_THAT(tool({"add", "nonet", "n"}).err, Not(HasSubstr("NETCONFPATH")));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Cnitool, TimeIsToldOnStderrForEveryPlugin) {
    const Finished add = tool({"add", "net1", "/run/netns/n1", "--time"});
    EXPECT_THAT(add.err,
                ::testing::MatchesRegex("time: a ADD [0-9.]+ ms\ntime: b ADD [0-9.]+ ms\n"));
    EXPECT_EQ(nlohmann::json::parse(add.out)["cniVersion"], "1.0.0");
}

TEST_F(Cnitool, GcWithoutAListDeletesWhatItKnowsAndTellsThePluginsNothing) {
    tool({"add", "net1", "/run/netns/n1"});
    tool({"add", "net1", "/run/netns/n2"});
    plugins_.forget();
    EXPECT_TRUE(tool({"gc", "net1", "/run/netns/n1"}).ok());
    EXPECT_EQ(plugins_.calls().size(), 6u);
    EXPECT_EQ(plugins_.calls()[4].name(), "a GC");
    EXPECT_FALSE(plugins_.calls()[4].json().contains("cni.dev/valid-attachments"));
    EXPECT_EQ(output_of({"ls", "/var/lib/cni/results"}), "");
}

TEST_F(Cnitool, GcKeepsWhatIsValidAndDeletesAllWhenNothingIs) {
    tool({"add", "net1", "/run/netns/n1"});
    tool({"add", "net1", "/run/netns/n2"});
    plugins_.forget();
    EXPECT_TRUE(tool({"gc", "net1", "--valid", cat(n1_id, ":eth0")}).ok());
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL", "a GC", "b GC"));
    EXPECT_EQ(plugins_.calls()[0].netns, "/run/netns/n2");
    EXPECT_EQ(plugins_.calls()[2].json()["cni.dev/valid-attachments"][0]["containerID"], n1_id);
    plugins_.forget();
    EXPECT_TRUE(tool({"gc", "net1", "--all"}).ok());
    EXPECT_EQ(plugins_.calls().at(2).json()["cni.dev/valid-attachments"], "[]"_json);
    EXPECT_EQ(output_of({"ls", "/var/lib/cni/results"}), "");
    EXPECT_EQ(tool({"gc", "net1", "--all", "--valid", "a:b"}).exit_code(), 1);
    EXPECT_THAT(tool({"gc", "net1", "--valid", "a"}).err, HasSubstr("must read ID:IFNAME"));
}

TEST_F(Cnitool, GcKeepsWhatTheListOnStdinNames) {
    tool({"add", "net1", "/run/netns/n1"});
    tool({"add", "net1", "/run/netns/n2"});
    plugins_.forget();
    const auto gc = [&](const std::string& list) {
        Program program{
            .argv = {cat(bin_dir(), "/cnitool"), "gc", "net1", "--from-list"},
            .input = list,
            .environment = {cat("NETCONFPATH=", net_d_.path()), cat("CNI_PATH=", plugins_.path())}};
        for (const std::string& entry : Program::inherited()) program.environment.push_back(entry);
        return run(program);
    };
    EXPECT_THAT(gc("").err, StartsWith("the list on stdin is empty"));
    EXPECT_THAT(gc("\nc1\n").err, StartsWith("line 2 of the list must read ID:IFNAME, not \"c1\""));
    EXPECT_THAT(gc("../c1:eth0").err, StartsWith("line 1 of the list must read"));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
    EXPECT_EQ(tool({"gc", "net1", "--from-list", "--all"}).exit_code(), 1);
    const Finished done = gc(cat("\n ", n1_id, ":eth0 \r\nother:net0\n"));
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_EQ(output_of({"ls", "/var/lib/cni/results"}), cat("net1-", n1_id, "-eth0\n"));
}

TEST_F(Cnitool, StatusPrintsTheFirstReason) {
    EXPECT_TRUE(tool({"status", "net1", "/run/netns/n1"}).ok());
    plugins_.fail("b", "STATUS", R"({"code":50,"msg":"not ready"})");
    const Finished status = tool({"status", "net1"});
    EXPECT_EQ(status.exit_code(), 1);
    EXPECT_EQ(status.err, "not ready\n");
}

TEST_F(Cnitool, VersionTellsWhatEveryPluginSpeaks) {
    EXPECT_THAT(tool({"version"}).out,
                HasSubstr("0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"));
    plugins_.answer("a", "VERSION", R"({"cniVersion":"1.1.0","supportedVersions":["1.1.0"]})");
    plugins_.answer("b", "VERSION", R"({"cniVersion":"1.0.0","supportedVersions":["1.0.0"]})");
    EXPECT_EQ(tool({"--version"}).out, tool({"version"}).out);
    EXPECT_THAT(tool({"--version"}).out,
                StartsWith(cat("cnitool ", release, ", as the reference plugins ",
                               reference_release, ": ")));
    const Finished network = tool({"version", "net1", "/run/netns/n1"});
    EXPECT_THAT(network.out, EndsWith("\na: 1.1.0\nb: 1.0.0\n"));
    EXPECT_EQ(network.err, "plugin b does not support config version \"1.1.0\"\n");
    EXPECT_EQ(network.exit_code(), 1);
    EXPECT_THAT(tool({"version", "--plugin", "a"}).out, EndsWith("\na: 1.1.0\n"));
}

TEST_F(Cnitool, ValidatePrintsPlacesAndFailsForErrorsOnly) {
    const std::string path = net_d_.path();
    const std::vector<std::string> no_path = {"CNI_PATH="};
    const Finished warned = tool({"validate"}, no_path);
    EXPECT_TRUE(warned.ok());
    EXPECT_THAT(warned.out, StartsWith(cat(path, "/10-net1.conflist:1:")));
    EXPECT_EQ(tool({"validate", "--strict"}, no_path).exit_code(), 1);
    net_d_.write("20.conf", "{\n \"name\": \"x\",\n \"type\": \"bridge\", # mine\n}");
    const Finished failed = tool({"validate", cat(path, "/20.conf")}, no_path);
    EXPECT_EQ(failed.exit_code(), 1);
    EXPECT_EQ(failed.out, cat(path, "/20.conf:3:20: JSON has no comments\n"));
    EXPECT_EQ(tool({"validate", "/nowhere"}).err, "find /nowhere: No such file or directory\n");
    EXPECT_THAT(tool({"validate", plugins_.path()}).err, StartsWith("no net configurations found"));
}

TEST_F(Cnitool, ValidateTakesANetworkOfMultusForWhatItIs) {
    const std::string file = net_d_.write("20.conf", R"({"cniVersion":"1.0.0","type":"loopback"})");
    EXPECT_EQ(tool({"validate", file}, {"CNI_PATH="}).exit_code(), 1);
    EXPECT_EQ(tool({"validate", "--multus", file}, {"CNI_PATH="}).exit_code(), 0);
}

// For who traces requests through a system.
TEST_F(Cnitool, PluginsGetTheVariablesOfTraces) {
    ScriptedIpam plugin;
    plugin.on("ADD", "echo $TRACEPARENT/$TRACESTATE/$BAGGAGE >/run/trace; echo '{\"ips\":[]}'");
    net_d_.write("20.conf", R"({"cniVersion":"1.0.0","name":"traced","type":"scripted"})");
    const Finished add =
        tool({"add", "traced", "n"},
             {cat("CNI_PATH=", ScriptedIpam::dir), "TRACEPARENT=a", "TRACESTATE=b", "BAGGAGE=c"});
    EXPECT_TRUE(add.ok()) << add.err;
    EXPECT_EQ(output_of({"cat", "/run/trace"}), "a/b/c\n");
}

// 250 bytes are a valid name.
TEST_F(Cnitool, LongNamesOfNetworksLeaveNothing) {
    const std::string name(250, 'n');
    net_d_.write("20.conflist", list(name, "1.1.0"));
    for (const char* command : {"add", "check", "del"}) {
        const Finished done = tool({command, name, "n"});
        EXPECT_TRUE(done.ok()) << command << ": " << done.err;
    }
    EXPECT_EQ(output_of({"ls", "/var/lib/cni/results"}), "");
}

TEST_F(Cnitool, TheExamplesAreValid) {
    const Finished validate = tool({"validate", CNIXX_SOURCE_DIR "/conf-examples"}, {"CNI_PATH="});
    EXPECT_EQ(validate.out, "");
    EXPECT_TRUE(validate.ok()) << validate.err;
}

TEST_F(Cnitool, LoopbackComesUpAndGoesDownWithoutATrace) {
    const std::vector<std::string> built = {cat("CNI_PATH=", bin_dir())};
    net_d_.write("99-loopback.conf", R"({"cniVersion":"1.0.0","name":"lo","type":"loopback"})");
    const TestNetns n1("n1");
    output_of({"mkdir", "/var/lib/cni/results"});  // stays: the next attachment needs it
    const Snapshot before = take_snapshot();
    const Finished add = tool({"add", "lo", n1.path(), "-i", "lo"}, built);
    ASSERT_TRUE(add.ok()) << add.err;
    EXPECT_THAT(n1.output_of({"ip", "link", "show", "lo"}), HasSubstr("LOWER_UP"));
    EXPECT_TRUE(tool({"check", "lo", n1.path(), "-i", "lo"}, built).ok());
    EXPECT_TRUE(tool({"del", "lo", n1.path(), "-i", "lo"}, built).ok());
    EXPECT_EQ(take_snapshot(), before);
}

}  // namespace
}  // namespace cni::test
