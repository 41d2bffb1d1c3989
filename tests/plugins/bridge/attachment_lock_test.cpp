// ADD and DEL of one attachment at once, of a runtime that gave up waiting and cleans up: what is
// there in the end is what one after the other would have left.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/file.h"
#include "base/text.h"
#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

/// An IPAM plugin with one lease, /mnt/lease, and a gate at which it waits when it is told to.
class AttachmentTurns : public BridgeTest {
protected:
    static constexpr const char* wait_at_gate = "read line </mnt/gate";

    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        ipam_.emplace();
        output_of({"mkfifo", "/mnt/gate"});
        on_add("true");
        on_del("true");
    }
    void on_add(const std::string& first) const {
        ipam_->on("ADD", cat(first, "; touch /mnt/lease; cat <<'END'\n",
                             ipam_result({"10.1.2.2/24"}), "\nEND"));
    }
    void on_del(const std::string& first) const {
        ipam_->on("DEL", cat(first, "; rm -f /mnt/lease"));
    }
    static void open_gate() { output_of({"sh", "-c", "echo >/mnt/gate"}); }
    static bool has_lease() { return ::access("/mnt/lease", F_OK) == 0; }

    static Process start(const std::string& command, const TestNetns& c, const json& config) {
        return Process::start(plugin_program("bridge", command, args(c), config.dump()));
    }
    static void expect_success(Process& process) {
        const PluginRun run = wait_for_plugin(process);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    /// Until the IPAM plugin was called that often.
    void await_calls(std::size_t number) const {
        while (ipam_->calls().size() < number) ::usleep(1000);
    }
    static bool has_ended(const Process& process) {
        siginfo_t ended{};
        ::waitid(P_PID, static_cast<id_t>(process.pid()), &ended, WEXITED | WNOHANG | WNOWAIT);
        return ended.si_pid != 0;
    }
    static bool is_waited_for_lock() {
        struct stat status {};
        if (::stat("/run/cnixx.lock", &status) < 0) return false;
        const std::string locks = read_file("/proc/locks", 1u << 20).value_or("");
        for (const std::string_view line : split(locks, '\n'))
            if (line.find("->") != line.npos &&
                line.find(cat(":", status.st_ino, " ")) != line.npos)
                return true;
        return false;
    }
    /// Whether it waits for the other one, instead of ending first.
    static bool waits_its_turn(const Process& process) {
        while (!is_waited_for_lock()) {
            if (has_ended(process)) return false;
            ::usleep(1000);
        }
        return true;
    }

    std::optional<ScriptedIpam> ipam_;
};

TEST_F(AttachmentTurns, AddWaitsForDel) {
    const TestNetns c("c1");
    on_del(wait_at_gate);
    Process del = start("DEL", c, scripted());
    await_calls(1);
    Process add = start("ADD", c, scripted());
    EXPECT_TRUE(waits_its_turn(add));
    open_gate();
    expect_success(del);
    expect_success(add);
    EXPECT_FALSE(link(c, "eth0").is_null());
    EXPECT_TRUE(has_lease());
}

TEST_F(AttachmentTurns, DelWaitsForAdd) {
    const TestNetns c("c1");
    on_add(wait_at_gate);
    Process add = start("ADD", c, scripted());
    await_calls(1);
    Process del = start("DEL", c, scripted());
    EXPECT_TRUE(waits_its_turn(del));
    open_gate();
    expect_success(add);
    expect_success(del);
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_FALSE(has_lease());
}

TEST_F(AttachmentTurns, DelWaitsForWhatAKilledAddHasStarted) {
    const TestNetns c("c1");
    // The plugin's end is that of the IPAM plugin, and not of what this one has started.
    on_add("sh -c 'touch /mnt/waiting; read line </mnt/gate; touch /mnt/lease'");
    Process add = start("ADD", c, scripted());
    while (::access("/mnt/waiting", F_OK) < 0) ::usleep(1000);
    add.signal(SIGKILL);
    EXPECT_FALSE(add.wait().ok());
    Process del = start("DEL", c, scripted());
    EXPECT_TRUE(waits_its_turn(del));
    open_gate();
    expect_success(del);
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_FALSE(has_lease());
}

TEST_F(AttachmentTurns, OthersDoNotWait) {
    const TestNetns c("c1"), other("c2");
    on_add(cat("[ $CNI_CONTAINERID = c2 ] || ", wait_at_gate));
    Process add = start("ADD", c, scripted());
    await_calls(1);
    BridgeCalls::add(other, scripted());
    del(other, scripted());
    open_gate();
    expect_success(add);
}

// A container that may not write to /run, say.
TEST_F(AttachmentTurns, WorkWithoutALockAndSaySo) {
    const TestNetns c("c1");
    output_of({"mkdir", "/run/cnixx.lock"});
    const json config = scripted({{"logFile", "/mnt/log"}});
    BridgeCalls::add(c, config);
    del(c, config);
    const std::string log = read_file("/mnt/log", 1u << 20).value_or("");
    const auto lines = split(trim(log), '\n');
    EXPECT_EQ(lines.size(), 2u);
    for (const std::string_view line : lines)
        EXPECT_EQ(json::parse(line).value("unlocked", ""), "open /run/cnixx.lock: Is a directory");
}

class AttachmentRace : public BridgeTest {};

TEST_F(AttachmentRace, EndsAsOneAfterTheOther) {
    const json config = layer3({{"ipMasq", true}, {"macspoofchk", true}});
    std::mt19937 random{20241129};
    for (int round = 0; round < 30; ++round) {
        const TestNetns c(cat("c", round));
        const char* first = random() % 4 == 0 ? "DEL" : "ADD";
        const auto start = [&](const std::string& command) {
            return Process::start(plugin_program("bridge", command, args(c), config.dump()));
        };
        Process one = start(first);
        ::usleep(static_cast<useconds_t>(random() % 15'000));
        Process two = start(first[0] == 'A' ? "DEL" : "ADD");
        for (Process* each : {&one, &two}) {
            const PluginRun run = wait_for_plugin(*each);
            EXPECT_TRUE(run.ok()) << run.report();
        }
        const bool is_attached = !link(c, "eth0").is_null();
        EXPECT_EQ(leases().size(), is_attached ? 2u : 0u) << round;
        EXPECT_EQ(ruleset().find(cat("id: ", c.name(), "\"")) != std::string::npos, is_attached);
        del(c, config);
        EXPECT_TRUE(leases().empty());
        if (HasFailure()) FAIL() << "round " << round;
    }
}

}  // namespace
}  // namespace cni::test
