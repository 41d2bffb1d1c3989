#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// The sbr plugin in a container with two interfaces, each on a cable to a machine of its own:
/// eth0, by which its default routes lead, and net1, which is another one's.
class SbrTest : public SandboxTest, protected BridgeCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        for (auto* machine : {&container_, &front_, &back_}) machine->emplace(name_of(*machine));
        shell(
            "ip -n c1 link set lo up; for cable in eth0:front:1 net1:back:2; do"
            "  set -- $(echo $cable | tr : ' ');"
            "  ip -n c1 link add $1 type veth peer name e0 netns $2;"
            "  ip -n $2 link set lo up; ip -n $2 link set e0 up; ip -n c1 link set $1 up;"
            "  ip -n $2 address add 10.$3.0.1/24 dev e0;"
            "  ip -n $2 address add fd0$3::1/64 dev e0 nodad;"
            "  ip -n c1 address add 10.$3.0.2/24 dev $1;"
            "  ip -n c1 address add fd0$3::2/64 dev $1 nodad; done");
        inside(
            "ip route add default via 10.1.0.1; ip -6 route add default via fd01::1;"
            "for each in all eth0 net1; do"
            "  echo 0 >/proc/sys/net/ipv4/conf/$each/rp_filter; done");
        before_ = state();
    }

    static void shell(const std::string& commands) { output_of({"sh", "-ec", commands}); }
    void inside(const std::string& commands) const {
        container_->output_of({"sh", "-ec", commands});
    }
    /// What ip(8) shows in the container, without what is of no account here.
    std::string shown(const std::vector<std::string>& words) const {
        std::vector<std::string> argv{"ip", "-o"};
        argv.insert(argv.end(), words.begin(), words.end());
        std::string text;
        const std::string all = container_->run([&] { return run({.argv = argv}).out; });
        for (const std::string_view line : split(all, '\n'))
            if (!line.empty() && line.find("fe80::/64") == line.npos)
                text += cat(cleaned(line), "\n");
        return text;
    }
    std::string rules() const { return shown({"rule"}) + shown({"-6", "rule"}); }
    /// Of a table, in both families.
    std::string table(const std::string& name) const {
        return shown({"route", "show", "table", name}) +
               shown({"-6", "route", "show", "table", name});
    }
    std::string of_net1(const std::string& table) const {
        std::string text;
        const std::string all = this->table(table);
        for (const std::string_view line : split(all, '\n'))
            if (line.find("net1") != line.npos && line.find("eth0") == line.npos)
                text += cat(line, "\n");
        return text;
    }
    /// Rules, and routes of all tables but local, sorted.
    std::string state() const {
        std::vector<std::string> lines;
        const std::string text = rules() + table("all");
        for (const std::string_view line : split(text, '\n'))
            if (line.find("table local") == line.npos) lines.emplace_back(line);
        std::sort(lines.begin(), lines.end());
        return join(lines, "\n");
    }

    /// For net1, with its two addresses and their gateways; `keys` are laid over it.
    json config(const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net1"},
                    {"type", "sbr"},
                    {"prevResult",
                     {{"cniVersion", "1.0.0"},
                      {"interfaces", {{{"name", "net1"}, {"sandbox", container_->path()}}}},
                      {"ips", {ip("10.2.0.2/24", "10.2.0.1"), ip("fd02::2/64", "fd02::1")}}}}};
        out.merge_patch(keys);
        return out;
    }
    static json ip(const std::string& address, const std::string& gateway = "") {
        json out = {{"address", address}, {"interface", 0}};
        if (!gateway.empty()) out["gateway"] = gateway;
        return out;
    }
    json with_ips(const std::vector<json>& ips) const {
        return config({{"prevResult", {{"ips", ips}}}});
    }
    PluginArgs net1() const { return args(*container_, "net1"); }
    PluginRun call(const std::string& command, const json& config) const {
        return run_plugin("sbr", command, net1(), config.dump());
    }
    PluginRun reference(const std::string& command, const json& config) const {
        PluginArgs theirs = net1();
        theirs.executables = *reference_dir();
        return run_plugin("sbr", command, theirs, config.dump());
    }
    void expect_ok(const std::string& command, const json& config) const {
        const PluginRun run = call(command, config);
        EXPECT_TRUE(run.ok()) << command << run.report();
        EXPECT_EQ(run.err, "") << command;
    }
    /// How many datagrams a command that succeeds sends.
    int datagrams_of(const std::string& command, const json& config) const {
        PluginArgs traced = net1();
        // The leak checker cannot work in a traced process.
        traced.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        Program program = plugin_program("sbr", command, traced, config.dump());
        const std::vector<std::string> strace = {"strace",        "-qq", "-e",
                                                 "trace=sendmsg", "-o",  "/run/trace"};
        program.argv.insert(program.argv.begin(), strace.begin(), strace.end());
        const Finished finished = run(program);
        EXPECT_TRUE(finished.ok()) << finished.out << finished.err;
        const std::string trace = *read_file("/run/trace", 64 << 20);
        return static_cast<int>(std::ranges::count(trace, '\n'));
    }
    void expect_refused(const json& config, int code, const std::string& message) const {
        const std::string here = state();
        const PluginRun run = call("ADD", config);
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_THAT(run.error_message(), ::testing::HasSubstr(message));
        EXPECT_EQ(state(), here);
    }
    /// ADD, CHECK, a second ADD, CHECK; then DEL leaves what was there before.
    void expect_whole_and_gone(const json& config) const {
        const std::string here = state();
        expect_ok("ADD", config);
        expect_ok("CHECK", config);
        const std::string made = state();
        expect_ok("ADD", config);
        EXPECT_EQ(state(), made);
        expect_ok("CHECK", config);
        expect_ok("DEL", config);
        EXPECT_EQ(state(), here);
    }

    std::optional<TestNetns> container_, front_, back_;
    std::string before_;

private:
    const char* name_of(const std::optional<TestNetns>& machine) const {
        return &machine == &container_ ? "c1" : &machine == &front_ ? "front" : "back";
    }
    static std::string cleaned(std::string_view line) {
        std::string text(line);
        for (const std::string_view noise : {" linkdown", " pref medium"})
            if (const auto at = text.find(noise); at != text.npos) text.erase(at, noise.size());
        std::replace(text.begin(), text.end(), '\t', ' ');
        return std::string(trim(text));
    }
};

}  // namespace cni::test
