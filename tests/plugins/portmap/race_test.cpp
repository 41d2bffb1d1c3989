// A hundred calls at once beside programs that change the same tables all the time: nobody's rules
// get lost.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "support/others_rules.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

/// What is started behind it waits until it opens, so that all begin at once.
class Gate {
public:
    Gate() : file_(open_at(AT_FDCWD, path, O_RDONLY | O_CREAT, 0600, path)) {
        checked(::flock(file_.get(), LOCK_EX), "lock ", path);
    }
    void start(Program program) {
        program.argv.insert(program.argv.begin(), {"flock", "--shared", "--no-fork", path});
        waiting_.push_back(Process::start(program));
    }
    void open_for_all() {
        checked(::flock(file_.get(), LOCK_UN), "unlock ", path);
        for (Process& process : waiting_) {
            const PluginRun run = wait_for_plugin(process);
            EXPECT_TRUE(run.ok()) << run.report();
        }
    }

private:
    static constexpr const char* path = "/run/gate";
    Fd file_;
    std::vector<Process> waiting_;
};

class PortmapRace : public EachWay {
protected:
    /// Of container number `n`: a TCP and a UDP port of its own.
    Program program(const std::string& command, int n) const {
        const PluginArgs call_args{.container_id = cat("c", n), .netns = "/run/netns/x"};
        const json result =
            some_result(cat("10.88.0.", n + 2, "/24"), cat("fd00:88::", n + 2, "/64"));
        const int port = 8000 + n;
        const json all = config(result, {mapping(port, 80), mapping(port, 80, "udp")});
        return plugin_program("portmap", command, call_args, all.dump());
    }
    /// As rules name it.
    std::string destination(int n) const {
        return cat("10.88.0.", n + 2, way() == Way::nftables ? " . 80" : ":80");
    }
    void all_at_once(const std::string& command, int first, int end) const {
        Gate gate;
        for (int n = first; n < end; ++n) gate.start(program(command, n));
        gate.open_for_all();
    }

    // Each looks whether they are there before it makes them.
    void expect_shared_rules_once() const {
        if (way() == Way::nftables) {
            EXPECT_EQ(count("fib daddr type local jump"), 4u) << rules();
            return;
        }
        for (const char* rule : {"-A PREROUTING", "-A OUTPUT", "-A POSTROUTING", "-j MASQUERADE",
                                 "-j MARK --set-xmark"})
            EXPECT_EQ(count(rule), 2u) << rules();
    }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapRace, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapRace, NobodysRulesGetLost) {
    // With sanitizers each takes so long that of a hundred some give up.
    const int half = is_sanitized() ? 10 : 50;
    all_at_once("ADD", 0, half);
    expect_shared_rules_once();
    OthersRules others(way());
    Gate gate;
    for (int n = 0; n < half; ++n) {
        gate.start(program("DEL", n));
        gate.start(program("ADD", half + n));
    }
    gate.open_for_all();
    others.expect_all_there();

    all_at_once("CHECK", half, 2 * half);
    for (int n = 0; n < half; ++n) EXPECT_EQ(count(destination(n)), 0u) << n;
    all_at_once("DEL", half, 2 * half);
    EXPECT_EQ(count("10.88.0."), 0u) << rules();
    EXPECT_EQ(count("fd00:88::"), 0u) << rules();
}

}  // namespace
}  // namespace cni::test
