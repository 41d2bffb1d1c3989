// The line that each operation leaves in the log.
#include <gmock/gmock.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include <list>
#include <map>
#include <set>

#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class Log : public BridgeTest {
protected:
    std::string path() const { return cat(dir_.path(), "/cni.log"); }
    static json loopback(const json& keys = json::object()) {
        json out = {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "loopback"}};
        out.merge_patch(keys);
        return out;
    }
    /// As args(), with these in the environment.
    static PluginArgs with(const TestNetns& container, std::vector<std::string> environment) {
        PluginArgs out = args(container);
        out.environment = std::move(environment);
        return out;
    }
    PluginArgs logged(const TestNetns& container) const {
        return with(container, {cat("CNI_LOG_FILE=", path())});
    }
    static PluginRun run_loopback(const std::string& command, const PluginArgs& arguments,
                                  const json& config = loopback()) {
        return run_plugin("loopback", command, arguments, config.dump());
    }

    bool has_file() const { return dir_.has("cni.log"); }
    std::vector<json> lines() const {
        const std::string text = dir_.read("cni.log");
        std::vector<json> out;
        EXPECT_TRUE(text.ends_with('\n')) << text;
        for (const auto line : split(text, '\n'))
            if (!line.empty()) out.push_back(json::parse(line));
        return out;
    }
    /// The only line there is; the file is gone then.
    json line() const {
        const auto found = lines();
        EXPECT_EQ(found.size(), 1u) << json(found);
        output_of({"rm", path()});
        return found.at(0);
    }
    static std::string steps(const json& line) {
        std::vector<std::string> names;
        for (const json& step : line.value("steps", json::array())) names.push_back(step["name"]);
        return join(names, ", ");
    }

    TempDir dir_;
};

TEST_F(Log, ASuccessTellsWhatWasCalledAndWhatItTook) {
    const TestNetns c("c1");
    const PluginRun added = run_loopback("ADD", logged(c));
    ASSERT_TRUE(added.ok()) << added.report();
    json logged = line();
    EXPECT_THAT(logged["time"].get<std::string>(),
                MatchesRegex("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
                             "[.][0-9]{6}Z"));
    EXPECT_TRUE(logged["version"].is_string());
    EXPECT_EQ(steps(logged), "prepare, check addresses, bring up, describe, print result");
    std::int64_t sum = 0;
    for (const json& step : logged["steps"]) sum += step["us"].get<std::int64_t>();
    EXPECT_LE(sum, logged["durationUs"]);
    for (const char* varying : {"time", "version", "steps", "durationUs"}) logged.erase(varying);
    EXPECT_EQ(logged, json({{"plugin", "loopback"},
                            {"command", "ADD"},
                            {"network", "net1"},
                            {"container", "c1"},
                            {"ifname", "eth0"},
                            {"netns", c.path()},
                            {"outcome", "success"}}));
}

TEST_F(Log, AFailureHasTheErrorThatWasPrinted) {
    const TestNetns c("c1");
    add(c, layer2());
    const PluginRun again = call("ADD", logged(c), layer2());
    json error = again.json();
    error.erase("cniVersion");
    const json logged = line();
    EXPECT_EQ(logged["outcome"], "failure");
    EXPECT_EQ(logged["error"], error);
    EXPECT_TRUE(error["details"].is_string());
    EXPECT_EQ(steps(logged), "prepare");
}

TEST_F(Log, TheWayBackIsAStep) {
    const ScriptedIpam ipam;
    ipam.on("ADD", "exit 1");
    const TestNetns c("c1");
    EXPECT_FALSE(call("ADD", logged(c), scripted()).ok());
    EXPECT_EQ(steps(line()),
              "prepare, start IPAM, make bridge, make veth pair, configure port, await IPAM, undo, "
              "run IPAM");
}

TEST_F(Log, TheIpamPluginWritesALineOfItsOwn) {
    const TestNetns c("c1");
    PluginArgs arguments = with(c, {cat("TRACEPARENT=", trace)});
    const json config = layer3({{"logFile", path()}});
    ASSERT_TRUE(call("ADD", arguments, config).ok());
    ASSERT_TRUE(call("DEL", arguments, config).ok());
    const auto found = lines();
    ASSERT_EQ(found.size(), 4u);
    const char* expected[][2] = {
        {"host-local", "ADD"}, {"bridge", "ADD"}, {"host-local", "DEL"}, {"bridge", "DEL"}};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(found[i]["plugin"], expected[i][0]) << i;
        EXPECT_EQ(found[i]["command"], expected[i][1]) << i;
        EXPECT_EQ(found[i]["container"], "c1") << i;
        EXPECT_EQ(found[i]["traceparent"], trace) << i;
    }
}

// What a runtime sees must not depend on whether there is a log.
TEST_F(Log, StdoutAndStderrAreTheSame) {
    const TestNetns c("c1");
    const auto expect_same = [&](const std::string& command, const json& config) {
        const PluginRun with_log = run_loopback(command, logged(c), config);
        const PluginRun without = run_loopback(command, args(c), config);
        EXPECT_EQ(with_log.out, without.out);
        EXPECT_EQ(with_log.err, without.err);
        EXPECT_EQ(with_log.exit_code(), without.exit_code());
    };
    for (const char* command : {"ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION", "FROB", ""})
        expect_same(command, loopback());
    expect_same("ADD", loopback({{"cniVersion", "9.9.9"}}));
    EXPECT_THAT(lines(), Not(IsEmpty()));
}

TEST_F(Log, TheConfigurationCountsMoreThanTheEnvironment) {
    const TestNetns c("c1");
    const std::string other = cat(dir_.path(), "/other");
    const PluginArgs arguments = with(c, {cat("CNI_LOG_FILE=", other)});
    ASSERT_TRUE(run_loopback("ADD", arguments, loopback({{"logFile", path()}})).ok());
    EXPECT_FALSE(dir_.has("other"));
    line();
    ASSERT_TRUE(run_loopback("ADD", arguments, loopback({{"logFile", ""}})).ok());
    EXPECT_TRUE(dir_.has("other"));
    EXPECT_FALSE(has_file());
}

TEST_F(Log, WithoutAFileThereIsNone) {
    const TestNetns c("c1");
    const PluginRun run = run_loopback("ADD", with(c, {"CNI_LOG_FILE="}));
    EXPECT_TRUE(run.ok());
    EXPECT_EQ(run.err, "");
}

TEST_F(Log, VersionAndUsageAreNoOperations) {
    const TestNetns c("c1");
    run_loopback("VERSION", logged(c));
    run_loopback("", logged(c));
    EXPECT_FALSE(has_file());
}

TEST_F(Log, WhatFailsBeforeTheConfigurationIsReadIsLoggedWhereTheEnvironmentSays) {
    const TestNetns c("c1");
    EXPECT_EQ(run_plugin("loopback", "ADD", logged(c), "junk").error_code(), 6);
    const json junk = line();
    EXPECT_EQ(junk["error"]["code"], 6);
    for (const char* absent : {"network", "steps", "durationUs"})
        EXPECT_FALSE(junk.contains(absent));

    const PluginArgs nothing{
        .container_id = {}, .ifname = {}, .environment = {cat("CNI_LOG_FILE=", path())}};
    EXPECT_EQ(run_loopback("ADD", nothing).error_code(), 4);
    EXPECT_EQ(line()["error"]["code"], 4);

    const json unspoken = loopback({{"cniVersion", "9.9.9"}, {"logFile", path()}});
    EXPECT_EQ(run_loopback("ADD", args(c), unspoken).error_code(), 1);
    EXPECT_FALSE(has_file()) << "what the key means there, who knows";
    EXPECT_EQ(run_loopback("ADD", logged(c), unspoken).error_code(), 1);
    EXPECT_EQ(line()["network"], "net1");
}

TEST_F(Log, ARelativePathIsAMistakeInTheConfiguration) {
    const TestNetns c("c1");
    const std::pair<json, const char*> cases[] = {
        {"cni.log", "\"logFile\" must be an absolute path"},
        {5, "\"logFile\" must be a string, not a number"}};
    for (const auto& [value, message] : cases) {
        const json config = loopback({{"logFile", value}});
        for (const char* command : {"ADD", "CHECK", "STATUS"}) {
            const PluginRun run = run_loopback(command, args(c), config);
            EXPECT_EQ(run.error_code(), 7) << run.report();
            EXPECT_EQ(run.error_message(), message);
        }
        EXPECT_FALSE(link(c, "lo")["flags"].dump().find("\"UP\"") != std::string::npos);
        for (const char* command : {"DEL", "GC"}) {
            const PluginRun run = run_loopback(command, args(c), config);
            EXPECT_TRUE(run.ok()) << "what is there must be removable: " << run.report();
            EXPECT_THAT(run.err, StartsWith(message));
        }
    }
}

TEST_F(Log, AFileThatCannotBeUsedIsAWarning) {
    const TestNetns c("c1");
    output_of({"mkfifo", cat(dir_.path(), "/fifo"), cat(dir_.path(), "/read")});
    const Fd reader = open_at(AT_FDCWD, cat(dir_.path(), "/read").c_str(), O_RDWR, 0, "fifo");
    const std::string target = dir_.write("target", "as it was");
    output_of({"ln", "-s", target, cat(dir_.path(), "/symlink")});
    output_of({"ln", "-s", "/run/none", cat(dir_.path(), "/dangling")});
    const auto at = [&](const char* name) { return cat(dir_.path(), "/", name); };
    const std::pair<std::string, std::string> cases[] = {
        {"cni.log", "log: CNI_LOG_FILE must be an absolute path, not \"cni.log\"\n"},
        {at("fifo"), cat("log: open ", at("fifo"), ": No such device or address\n")},
        {at("read"), cat("log: ", at("read"), " is no regular file\n")},
        {at("symlink"), cat("log: open ", at("symlink"), ": Too many levels of symbolic links\n")},
        {at("dangling"),
         cat("log: open ", at("dangling"), ": Too many levels of symbolic links\n")},
        {"/dev/null", "log: /dev/null is no regular file\n"},
        {dir_.path(), cat("log: open ", dir_.path(), ": Is a directory\n")},
        {at("no/where"), cat("log: open ", at("no/where"), ": No such file or directory\n")},
    };
    const std::string before = run_loopback("ADD", args(c)).out;
    for (const auto& [file, warning] : cases) {
        const PluginRun run = run_loopback("ADD", with(c, {cat("CNI_LOG_FILE=", file)}));
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, before);
        EXPECT_EQ(run.err, warning);
    }
    EXPECT_EQ(dir_.read("target"), "as it was");
}

TEST_F(Log, AFullDiskIsAWarning) {
    const TestNetns c("c1");
    const std::string disk = cat(dir_.path(), "/disk");
    output_of({"mkdir", disk});
    checked(::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4k"), "mount a small disk");
    output_of({"sh", "-c", cat("head -c 4096 /dev/zero >", disk, "/full")});
    const PluginRun run = run_loopback("ADD", with(c, {cat("CNI_LOG_FILE=", disk, "/log")}));
    ::umount2(disk.c_str(), MNT_DETACH);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("No space left on device"));
}

TEST_F(Log, TheFileIsMadeForItsOwnerAloneAndAppendedTo) {
    const TestNetns c("c1");
    ASSERT_TRUE(run_loopback("ADD", logged(c)).ok());
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFREG | 0600u);
    checked(::chmod(path().c_str(), 0640), "chmod");
    ASSERT_TRUE(run_loopback("DEL", logged(c)).ok());
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFREG | 0640u);
    const auto found = lines();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0]["command"], "ADD");
    EXPECT_EQ(found[1]["command"], "DEL");
}

TEST_F(Log, ALineIsWrittenAtOnce) {
    const TestNetns c("c1");
    PluginArgs arguments = logged(c);
    // The leak checker cannot work in a traced process.
    arguments.environment.push_back("ASAN_OPTIONS=detect_leaks=0");
    Program program = plugin_program("loopback", "ADD", arguments, loopback().dump());
    const std::vector<std::string> strace = {"strace", "-qq", "-o", "/run/trace", "-P", path()};
    program.argv.insert(program.argv.begin(), strace.begin(), strace.end());
    ASSERT_TRUE(cni::test::run(program).ok());
    std::string calls;
    const std::string traced = read_file("/run/trace", 1 << 20).value();
    for (const auto call : split(traced, '\n'))
        calls += cat(call.substr(0, call.find('(')), call.empty() ? "" : " ");
    EXPECT_THAT(calls, MatchesRegex("openat (newfstatat|fstat|statx) write close "));
    line();
}

TEST_F(Log, LinesOfManyAtOnceDoNotMix) {
    std::list<TestNetns> containers;
    std::vector<Process> running;
    const json config = layer3({{"logFile", path()}});
    for (int i = 0; i < 32; ++i) {
        const TestNetns& c = containers.emplace_back(cat("c", i));
        running.push_back(Process::start(plugin_program("bridge", "ADD", args(c), config.dump())));
    }
    for (Process& process : running) EXPECT_TRUE(process.wait().ok());
    std::set<std::string> told;
    for (const json& line : lines()) {
        EXPECT_EQ(line["outcome"], "success") << line;
        told.insert(cat(line["plugin"].get<std::string>(), line["container"].get<std::string>()));
    }
    EXPECT_EQ(told.size(), 64u);
}

TEST_F(Log, ATraceReachesTheIpamPluginAndHooksWhateverItIs) {
    const ScriptedIpam ipam;
    ipam.on("ADD", "env >/mnt/env; echo '{\"ips\": [{\"address\": \"10.1.2.3/24\"}]}'");
    const TestNetns c("c1");
    const json hook = {"sh", "-c", cat("env >", dir_.path(), "/env")};
    const json debug = loopback({{"type", "debug"}, {"addHooks", {hook}}});
    for (const std::string value : {trace, "00-invalid", ""}) {
        PluginArgs arguments = logged(c);
        arguments.environment.push_back(cat("TRACEPARENT=", value));
        arguments.environment.push_back("TRACESTATE=vendor=x,y=z");
        ASSERT_TRUE(call("ADD", arguments, scripted()).ok());
        del(c, scripted());
        EXPECT_EQ(line().value("traceparent", ""), value == trace ? trace : "");
        ASSERT_TRUE(run_plugin("debug", "ADD", arguments, debug.dump()).ok());
        for (const std::string& file : {std::string("/mnt/env"), cat(dir_.path(), "/env")}) {
            const std::string seen = "\n" + read_file(file, 1 << 20).value();
            EXPECT_THAT(seen, HasSubstr(cat("\nTRACEPARENT=", value, "\n"))) << file;
            EXPECT_THAT(seen, HasSubstr("\nTRACESTATE=vendor=x,y=z\n")) << file;
        }
        output_of({"rm", path()});
    }
}

// All of them in lists, as cnitool runs them; which also passes the environment on.
class LogOfAll : public Log {
protected:
    void write_list(const json& plugins) const {
        nets_.write("10.conflist",
                    json({{"cniVersion", "1.1.0"}, {"name", "net1"}, {"plugins", plugins}}).dump());
    }
    void tool(const std::string& command, const TestNetns& c) const {
        const json ports = {
            {"portMappings", {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "udp"}}}}};
        std::vector<std::string> words{cat(bin_dir(), "/cnitool"), command, "net1", c.path()};
        if (command == "gc") words.push_back("--all");
        const Finished finished =
            run({.argv = words,
                 .environment = {cat("CNI_PATH=", bin_dir()), cat("NETCONFPATH=", nets_.path()),
                                 cat("CAP_ARGS=", ports.dump()), cat("CNI_LOG_FILE=", path()),
                                 cat("TRACEPARENT=", trace)}});
        ASSERT_TRUE(finished.ok()) << command << ": " << finished.err;
    }
    /// "bridge ADD" and its steps.
    std::map<std::string, std::string> steps_of_all() const {
        const TestNetns c("c1");
        for (const char* command : {"status", "add", "check", "del", "gc"}) tool(command, c);
        std::map<std::string, std::string> out;
        for (const json& line : lines()) {
            EXPECT_EQ(line["traceparent"], trace);
            EXPECT_EQ(line["outcome"], "success");
            out[cat(line["plugin"].get<std::string>(), " ", line["command"].get<std::string>())] =
                steps(line);
        }
        return out;
    }
    TempDir nets_;
};

TEST_F(LogOfAll, StepsOfAChain) {
    json bridge = layer3({{"ipMasq", true}, {"macspoofchk", true}});
    for (const char* key : {"name", "cniVersion"}) bridge.erase(key);
    write_list({bridge,
                {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}},
                {{"type", "tuning"}, {"mtu", 1400}, {"sysctl", {{"net.core.somaxconn", "500"}}}},
                {{"type", "debug"}},
                {{"type", "sample"}, {"myAwesomeFlag", true}, {"anotherAwesomeArg", "x"}}});
    const std::map<std::string, std::string> expected = {
        {"bridge ADD",
         "prepare, start IPAM, make bridge, make veth pair, configure port, await IPAM, "
         "add spoof check, configure interface, set gateway, add masquerading, bring up, describe, "
         "print result"},
        {"bridge CHECK", "prepare, run IPAM, check links, check addresses, check rules"},
        {"bridge DEL",
         "remove masquerading, remove spoof check, remove veth pair, run IPAM, await kernel"},
        {"bridge GC",
         "remove stale masquerading, remove stale spoof checks, remove stale links, run IPAM"},
        {"bridge STATUS", "prepare, run IPAM, check bridge, rehearse"},
        {"host-local ADD", "prepare, lock leases, allocate addresses, print result"},
        {"host-local CHECK", "prepare, lock leases, check addresses"},
        {"host-local DEL", "lock leases, release addresses"},
        {"host-local GC", "lock leases, release stale addresses"},
        {"host-local STATUS", "prepare, check leases"},
        {"portmap ADD",
         "prepare, add port mappings, forget flows, enable route_localnet, print result"},
        {"portmap CHECK", "prepare, check port mappings, check route_localnet"},
        {"portmap DEL", "remove port mappings"},
        {"portmap GC", "remove stale port mappings"},
        {"portmap STATUS", "prepare, rehearse"},
        {"tuning ADD", "prepare, read values, save backup, set sysctls, set link, print result"},
        {"tuning CHECK", "prepare, check sysctls, check links"},
        {"tuning DEL", "read backup, put back, remove backup"},
        {"tuning GC", "remove stale backups"},
        {"tuning STATUS", ""},
        {"debug ADD", "prepare, write call, run hooks, print result"},
        {"debug CHECK", "prepare, write call, run hooks"},
        {"debug DEL", "prepare, write call, run hooks"},
        {"debug GC", ""},
        {"debug STATUS", ""},
        {"sample ADD", "prepare, label, print result"},
        {"sample CHECK", "prepare, check links"},
        {"sample DEL", "remove label"},
        {"sample GC", ""},
        {"sample STATUS", "prepare"},
    };
    EXPECT_EQ(steps_of_all(), expected);
}

TEST_F(LogOfAll, StepsOfACable) {
    const json ipam = {{"type", "static"},
                       {"addresses", {{{"address", "10.1.2.3/24"}, {"gateway", "10.1.2.1"}}}}};
    write_list({{{"type", "ptp"}, {"ipMasq", true}, {"ipam", ipam}}});
    const std::map<std::string, std::string> expected = {
        {"ptp ADD",
         "prepare, start IPAM, make veth pair, await IPAM, configure interface, set gateway, "
         "add masquerading, describe, print result"},
        {"ptp CHECK", "prepare, run IPAM, check links, check addresses, check rules"},
        {"ptp DEL", "remove masquerading, remove veth pair, run IPAM, await kernel"},
        {"ptp GC", "remove stale masquerading, remove stale links, run IPAM"},
        {"ptp STATUS", "prepare, run IPAM, rehearse"},
        {"static ADD", "prepare, print result"},
        {"static CHECK", "prepare, check addresses"},
        {"static DEL", ""},
        {"static GC", ""},
        {"static STATUS", "prepare"},
    };
    EXPECT_EQ(steps_of_all(), expected);
}

TEST_F(LogOfAll, StepsOfTheLoop) {
    write_list({{{"type", "loopback"}}});
    const std::map<std::string, std::string> expected = {
        {"loopback ADD", "prepare, check addresses, bring up, describe, print result"},
        {"loopback CHECK", "check links"},
        {"loopback DEL", "bring down"},
        {"loopback GC", ""},
        {"loopback STATUS", ""},
    };
    EXPECT_EQ(steps_of_all(), expected);
}

}  // namespace
}  // namespace cni::test
