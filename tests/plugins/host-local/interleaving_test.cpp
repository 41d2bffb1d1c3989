// Calls of host-local at once, ours or the reference's, in every order of their steps: what
// comes of them is what would come of one after the other.
#include <sys/syscall.h>

#include "plugins/host-local/fixture.h"
#include "support/exploration.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

/// Of a container; GC of all but "kept", "a", "b" and "c".
struct Call {
    const char* command;
    const char* id = "";
    bool by_reference = false;
};

using Calls = std::vector<Call>;

std::string to_string(const Calls& calls) {
    std::vector<std::string> names;
    for (const Call& call : calls)
        names.push_back(cat(call.command, call.id, call.by_reference ? "_reference" : ""));
    return join(names, "_");
}

std::vector<Calls> all_calls() {
    const std::vector<Calls> ours = {{{"ADD", "a"}, {"ADD", "b"}}, {{"ADD", "a"}, {"ADD", "a"}},
                                     {{"ADD", "a"}, {"DEL", "b"}}, {{"ADD", "a"}, {"DEL", "a"}},
                                     {{"DEL", "a"}, {"DEL", "b"}}, {{"DEL", "a"}, {"DEL", "a"}},
                                     {{"ADD", "a"}, {"GC"}},       {{"DEL", "a"}, {"GC"}}};
    std::vector<Calls> all = {{{"ADD", "a"}, {"ADD", "b"}, {"DEL", "c"}},
                              {{"ADD", "a"}, {"DEL", "a"}, {"ADD", "b"}}};
    for (Calls calls : ours) {
        all.push_back(calls);
        calls[0].by_reference = true;
        all.push_back(calls);
        const bool alike = std::string_view(calls[0].command) == calls[1].command;
        if (alike || !*calls[1].id) continue;  // it has no GC
        std::swap(calls[0].by_reference, calls[1].by_reference);
        all.push_back(calls);
    }
    return all;
}

class HostLocalInterleaving : public HostLocalTest, public ::testing::WithParamInterface<Calls> {
protected:
    void SetUp() override {
        HostLocalTest::SetUp();
        if (std::ranges::count(GetParam(), true, &Call::by_reference) > 0 && !reference_dir())
            GTEST_SKIP() << "the reference plugins are not installed";
    }

    /// An ADD comes first.
    static bool was_there(const std::string& id) {
        const auto first = std::ranges::find(GetParam(), id, &Call::id);
        return first != GetParam().end() && first->command == std::string_view("DEL");
    }

    Program program(const Call& call) const {
        PluginArgs plugin_args = args(call.id);
        nlohmann::json config = config_;
        config["cniVersion"] = call.by_reference ? "1.0.0" : "1.1.0";
        if (call.by_reference) plugin_args.executables = *reference_dir();
        for (const char* id : {"kept", "a", "b", "c"})
            config["cni.dev/valid-attachments"].push_back(
                {{"containerID", id}, {"ifname", "eth0"}});
        Program program = plugin_program("host-local", call.command, plugin_args, config.dump());
        // Its threads would wait for each other's time slices.
        program.environment.push_back("GOMAXPROCS=1");
        return program;
    }

    std::vector<Program> begin() const {
        std::filesystem::remove_all("/var/lib/cni/networks");
        for (const char* id : {"kept", "stale"}) add(id);
        for (const char* id : {"a", "b", "c"})
            if (was_there(id)) add(id);
        std::vector<Program> programs;
        for (const Call& call : GetParam()) programs.push_back(program(call));
        return programs;
    }
    static std::string outcome(const std::vector<Finished>& finished) {
        std::string text;
        for (const Finished& each : finished)
            text += cat("exit status ", each.exit_code(), " ", each.out, each.err, "\n");
        for (const std::string& name : leases()) text += cat(name, "=", content(name), "\n");
        return cat(text, "last ", content("last_reserved_ip.0"));
    }
    std::string end() const {
        for (const char* id : {"a", "b", "c", "stale"}) del(id);
        const PluginRun checked = call("CHECK", "kept");
        return cat(checked.ok() ? "" : checked.report(),
                   leases() == Strings{"10.1.2.2"} ? "" : cat("left: ", join(leases(), " ")));
    }

    Scenario scenario() const {
        return {[this] { return begin(); }, outcome, [this] { return end(); }};
    }
};

INSTANTIATE_TEST_SUITE_P(All, HostLocalInterleaving, ::testing::ValuesIn(all_calls()),
                         [](const auto& each) { return to_string(each.param); });

TEST_P(HostLocalInterleaving, IsAsOneAfterTheOther) {
    const std::string fault = explore(scenario(), GetParam().size() == 2 ? 2 : 1, 6).fault;
    EXPECT_TRUE(fault.empty()) << fault;
}

/// What the above would see if host-local took no lock.
class HostLocalWithoutLocks : public HostLocalInterleaving {
protected:
    std::vector<Program> begin_without_locks() const {
        std::vector<Program> programs = begin();
        for (Program& each : programs) each.prepare = refusing(SYS_flock, 0);
        return programs;
    }
};

INSTANTIATE_TEST_SUITE_P(All, HostLocalWithoutLocks,
                         ::testing::Values(Calls{{"ADD", "a"}, {"ADD", "b"}}),
                         [](const auto& each) { return to_string(each.param); });

TEST_P(HostLocalWithoutLocks, IsNot) {
    Scenario unlocked = scenario();
    unlocked.begin = [this] { return begin_without_locks(); };
    EXPECT_NE(explore(unlocked, 2, 1000).fault, "");
}

}  // namespace
}  // namespace cni::test
