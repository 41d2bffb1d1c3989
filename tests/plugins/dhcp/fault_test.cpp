// A plugin, or the daemon, that something happens to at one of its system calls: killed, or, of a
// plugin, the call fails. Whatever it is, no lease is lost while its container is there, and DEL
// leaves none, neither with the daemon nor with the server. What fails says what failed, and leaves
// none either; what succeeds has done it.
//
// Which calls are tried, CNIXX_FAULT_STEP and CNIXX_FAULT_SEED say (docs/testing.md);
// scripts/fault-sweep tries all of them.
#include <sys/syscall.h>

#include "fake_server6.h"
#include "fixture.h"
#include "support/defect.h"
#include "support/explanation.h"
#include "support/fault.h"
#include "support/findings.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using dhcp::Type6;
using ::testing::UnorderedElementsAre;

std::string leases_kept() {
    return output_of({"ls", "/run/cni/dhcp.sock.leases"});
}

// ---------------------------------------------------------------- of the plugin

struct Case {
    const char* command;
    Fault::Kind kind;
};

std::string name_of(const ::testing::TestParamInfo<Case>& each) {
    return cat("dhcp_", each.param.command, "_", to_string(each.param.kind));
}

class DhcpFaults : public DhcpTest, public ::testing::WithParamInterface<Case> {
protected:
    void SetUp() override {
        DhcpTest::SetUp();
        if (IsSkipped()) return;
        container_.emplace("c1");
        output_of({"ip", "link", "add", "eth0", "link", "uplink", "netns", "c1", "type", "macvlan",
                   "mode", "bridge"});
        server_.emplace(
            start_dnsmasq({"--dhcp-range=fd00:1:2::100,fd00:1:2::1ff,64,1h", "--enable-ra"}));
        daemon_.emplace(start_daemon());
    }
    json config() const { return network({{"cniVersion", "1.1.0"}}, {{"family", "both"}}); }
    static bool is_add() { return GetParam().command == std::string_view("ADD"); }

    void try_all() {
        FaultSample(29).try_all(GetParam().kind,
                                [this](const Fault& fault) { return try_one(fault); });
        findings_.report();
    }

private:
    /// False when the command has not that many calls.
    bool try_one(const Fault& fault) {
        if (!is_add()) put_on_interface(dhcp("ADD", *container_, config()).json());
        const Program program =
            plugin_program("dhcp", GetParam().command, args(*container_), config().dump());
        const Injured injured = FaultyProcess(program, fault).wait();
        now_ = describe(fault, injured);
        if (injured.reached) {
            findings_.tried(fault.number);
            examine(fault, injured);
        }
        clean_up();
        return injured.reached;
    }
    void found(const std::string& what, const std::string& text) {
        findings_.found(what, cat(text, "\n", now_));
    }

    void examine(const Fault& fault, const Injured& injured) {
        if (injured.hung) return found("hung", "");
        if (!defect_despite_faults(injured.finished).empty()) return found("defective", "");
        if (injured.finished.ok()) return examine_success(injured);
        if (fault.kind != Fault::Kind::fail) return;
        // The C library gives up when it gets only the beginning of its heap; a sanitizer often.
        const bool by_library = injured.system_call == SYS_brk || is_sanitized();
        if (WIFSIGNALED(injured.finished.status)) return by_library ? void() : found("crashed", "");
        const std::string lack = lacking_explanation(Speaker::plugin, fault, injured);
        if (!lack.empty()) found("unexplained", lack);
        if (is_add() && !leases_kept().empty()) found("not_undone", leases_kept());
    }
    void examine_success(const Injured& injured) {
        if (!is_add()) {
            if (!leases_kept().empty()) found("not_deleted", leases_kept());
            return;
        }
        const json result = json::parse(injured.finished.out);
        put_on_interface(result);
        const PluginRun check = dhcp("CHECK", *container_, recorded(config(), result));
        if (!check.ok()) found("not_whole", check.report());
    }
    void put_on_interface(const json& result) const {
        for (const json& ip : result["ips"])
            container_->output_of(
                {"ip", "address", "replace", ip["address"], "dev", "eth0", "nodad"});
    }
    void clean_up() {
        const PluginRun del = delete_all();
        comes_true([] { return given().empty(); });
        if (is_add() && has_unheard_answer()) use_unheard_answer();
        if (!del.ok() || !del.err.empty() || !given().empty() || !leases_kept().empty())
            found("residue", cat(del.report(), leases_kept(), join(given(), " ")));
    }
    PluginRun delete_all() const {
        PluginRun del = dhcp("DEL", *container_, config());
        container_->output_of({"ip", "address", "flush", "dev", "eth0", "scope", "global"});
        return del;
    }
    // Of IPv6 a server may commit to the first message (rapid commit), and nobody listens to its
    // answer any more: the address is kept for who asks next under this name, who gives it back.
    static bool has_unheard_answer() {
        const auto left = given();
        return left.size() == 1 && left.front().find(':') != std::string::npos;
    }
    void use_unheard_answer() const {
        const std::string address = given().front();
        const json result = dhcp("ADD", *container_, config()).json();
        EXPECT_EQ(result["ips"][1]["address"], cat(address, "/128"));
        put_on_interface(result);
        delete_all();
        comes_true([] { return given().empty(); });
    }

    std::optional<TestNetns> container_;
    std::optional<Process> server_, daemon_;
    Findings findings_;
    std::string now_;  // what was done, for messages
};

INSTANTIATE_TEST_SUITE_P(All, DhcpFaults,
                         ::testing::Values(Case{"ADD", Fault::Kind::kill_program},
                                           Case{"ADD", Fault::Kind::fail},
                                           Case{"DEL", Fault::Kind::kill_program},
                                           Case{"DEL", Fault::Kind::fail}),
                         name_of);

TEST_P(DhcpFaults, LeaveNothing) {
    try_all();
}

// ---------------------------------------------------------------- of the daemon

/// With servers of both families, which give another address at the first renewal.
class DhcpDaemonFaults : public DhcpTest, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        DhcpTest::SetUp();
        if (IsSkipped()) return;
        server_.emplace(outside().netns().netns(), "eth0");
        server6_.emplace(outside().netns().netns(), "eth0");
    }
    json config() const { return network({{"cniVersion", "1.1.0"}}, {{"family", "both"}}); }

    void try_all() {
        // Each takes seconds: a lease is renewed.
        FaultSample(601).try_all(Fault::Kind::kill_program,
                                 [this](const Fault& fault) { return try_one(fault); });
        findings_.report();
    }

private:
    /// False when it had not that many calls to live through all of it.
    bool try_one(const Fault& fault) {
        serve(50);
        const TestNetns c("c1");
        FaultyProcess daemon({.argv = {cat(bin_dir(), "/dhcp"), "daemon"}}, fault);
        const bool is_attached = attach(c, daemon);
        if (is_attached) renew(c, daemon);
        // It cannot be killed by what has ended it already.
        const bool has_lived = !daemon.has_ended();
        if (has_lived) call("DEL", c, config());
        const bool is_reached = daemon.has_ended();
        if (!is_reached) return false;
        const Injured injured = daemon.wait();
        now_ = describe(fault, injured);
        findings_.tried(fault.number);
        if (injured.hung) found("hung", "");
        const Process next = start_daemon();
        if (is_attached && !has_lived) look_whether_kept(c);
        const PluginRun del = call("DEL", c, config());
        if (!del.ok() || !del.err.empty() || !leases_kept().empty())
            found("residue", cat(del.report(), leases_kept()));
        return true;
    }
    void serve(int number) {
        number_ = number;
        server_->set({.address = {*Ip::parse(cat("10.1.2.", number)), 24},
                      .lease = 6,
                      .renew = 1,
                      .rebind = 5});
        server6_->set({.address = *Ip::parse(cat("fd00:1:2::", number)),
                       .preferred = 6,
                       .valid = 6,
                       .renew = 1,
                       .rebind = 5});
    }
    bool attach(const TestNetns& c, const FaultyProcess& daemon) const {
        comes_true([&] { return daemon.has_ended() || dhcp("STATUS", network()).ok(); });
        return call("ADD", c, config()).ok();
    }
    void renew(const TestNetns& c, const FaultyProcess& daemon) {
        serve(51);
        EXPECT_TRUE(comes_true([&] { return daemon.has_ended() || bears_what_is_served(c); }));
    }
    std::vector<std::string> served() const {
        return {cat("10.1.2.", number_, "/24"), cat("fd00:1:2::", number_, "/128")};
    }
    static std::vector<std::string> global(const TestNetns& c) {
        std::vector<std::string> found = addresses(c);
        std::erase_if(found, [](const std::string& each) { return each.starts_with("fe80:"); });
        return found;
    }
    bool bears_what_is_served(const TestNetns& c) const {
        return ::testing::Matches(::testing::UnorderedElementsAreArray(served()))(global(c));
    }
    /// By the daemon that was started behind the one that was killed.
    void look_whether_kept(const TestNetns& c) {
        json ips = json::array();
        for (const std::string& address : served()) ips.push_back({{"address", address}});
        std::string trouble;
        const bool is_kept = comes_true([&] {
            const PluginRun check = dhcp("CHECK", c, recorded(config(), {{"ips", ips}}));
            trouble = check.report();
            return check.ok() && bears_what_is_served(c);
        });
        if (!is_kept) found("not_whole", cat(join(global(c), " "), "\n", trouble));
    }
    void found(const std::string& what, const std::string& text) {
        findings_.found(what, cat(text, "\n", now_));
    }

    std::optional<FakeServer> server_;
    std::optional<FakeServer6> server6_;
    int number_ = 0;
    Findings findings_;
    std::string now_;  // what was done, for messages
};

INSTANTIATE_TEST_SUITE_P(All, DhcpDaemonFaults, ::testing::Values("dhcpdaemon_LIFE_kill_program"),
                         [](const auto& each) { return each.param; });

TEST_P(DhcpDaemonFaults, LeaveNothing) {
    try_all();
}

}  // namespace
}  // namespace cni::test
