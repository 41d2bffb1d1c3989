// A plugin, or the daemon, that something happens to at one of its system calls: killed, or, of a
// plugin, the call fails. Whatever it is, no lease is lost while its container is there, and DEL
// leaves none, neither with the daemon nor with the server.
//
// Which calls are tried, CNIXX_FAULT_STEP and CNIXX_FAULT_SEED say (docs/testing.md).
#include <array>

#include "fake_server6.h"
#include "fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using dhcp::Type6;
using ::testing::UnorderedElementsAre;

/// Those of the sample, until `reaches` says that there is no such call.
template <typename Reaches>
void try_calls(int usual_step, Reaches&& reaches) {
    const auto number_from = [](const char* variable, int otherwise) {
        const char* text = std::getenv(variable);
        return text ? parse_int<int>(text).value_or(otherwise) : otherwise;
    };
    const int step = number_from("CNIXX_FAULT_STEP", usual_step * fault_spread());
    for (int number = 1 + number_from("CNIXX_FAULT_SEED", 0) % step; reaches(number);
         number += step)
        if (::testing::Test::HasFailure()) break;
}

std::string leases_kept() {
    return output_of({"ls", "/run/cni/dhcp.sock.leases"});
}

// ---------------------------------------------------------------- of the plugin

class DhcpFaults : public DhcpTest, public ::testing::WithParamInterface<Fault::Kind> {
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

    void try_all(const std::string& command) {
        constexpr int step = 29;
        try_calls(step, [&](int number) { return try_one(command, number); });
    }

private:
    /// False when the command has not that many calls.
    bool try_one(const std::string& command, int number) const {
        constexpr std::array errors = {ENOSPC, EIO, ENOMEM, EINTR, EAGAIN, EPERM, EMFILE};
        const Fault fault{number, GetParam(),
                          errors[static_cast<std::size_t>(number) % errors.size()]};
        SCOPED_TRACE(cat(command, ", call ", number, ", errno ", fault.error));
        if (command == "DEL") {
            EXPECT_TRUE(dhcp("ADD", *container_, config()).ok());
        }
        FaultyProcess plugin(plugin_program("dhcp", command, args(*container_), config().dump()),
                             fault);
        const Injured injured = plugin.wait();
        EXPECT_FALSE(injured.hung);
        const PluginRun del = dhcp("DEL", *container_, config());
        EXPECT_TRUE(del.ok()) << del.report();
        EXPECT_EQ(del.err, "");
        EXPECT_TRUE(comes_true([] { return given().empty(); }));
        EXPECT_EQ(leases_kept(), "");
        return injured.reached;
    }

    std::optional<TestNetns> container_;
    std::optional<Process> server_, daemon_;
};

INSTANTIATE_TEST_SUITE_P(All, DhcpFaults,
                         ::testing::Values(Fault::Kind::kill_program, Fault::Kind::fail),
                         [](const auto& each) {
                             return each.param == Fault::Kind::fail ? "fail" : "kill";
                         });

TEST_P(DhcpFaults, OfAddLeaveNoLease) {
    try_all("ADD");
}

TEST_P(DhcpFaults, OfDelLeaveNoLease) {
    try_all("DEL");
}

// ---------------------------------------------------------------- of the daemon

/// With servers of both families, which give another address at the first renewal.
class DhcpDaemonFaults : public DhcpTest {
protected:
    void SetUp() override {
        DhcpTest::SetUp();
        if (IsSkipped()) return;
        server_.emplace(outside().netns().netns(), "eth0");
        server6_.emplace(outside().netns().netns(), "eth0");
    }
    json config() const { return network({{"cniVersion", "1.1.0"}}, {{"family", "both"}}); }

    /// False when it had not that many calls to live through all of it.
    bool try_one(int number) {
        SCOPED_TRACE(cat("call ", number));
        serve(50);
        const TestNetns c("c1");
        FaultyProcess daemon({.argv = {cat(bin_dir(), "/dhcp"), "daemon"}},
                             {.number = number, .kind = Fault::Kind::kill_program});
        const bool is_attached = attach(c, daemon);
        if (is_attached) renew(c, daemon);
        // It cannot be killed by what has ended it already.
        const bool has_lived = !daemon.has_ended();
        if (has_lived) call("DEL", c, config());
        const bool is_reached = daemon.has_ended();
        if (!is_reached) return false;
        const Injured injured = daemon.wait();
        EXPECT_FALSE(injured.hung);
        const Process next = start_daemon();
        if (is_attached && !has_lived) expect_kept(c);
        const PluginRun del = call("DEL", c, config());
        EXPECT_TRUE(del.ok()) << del.report() << "\nat system call " << injured.system_call;
        EXPECT_EQ(del.err, "");
        EXPECT_EQ(leases_kept(), "") << "at system call " << injured.system_call;
        return true;
    }

private:
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
    void expect_kept(const TestNetns& c) const {
        json ips = json::array();
        for (const std::string& address : served()) ips.push_back({{"address", address}});
        std::string trouble;
        EXPECT_TRUE(comes_true([&] {
            const PluginRun check = dhcp("CHECK", c, recorded(config(), {{"ips", ips}}));
            trouble = check.report();
            return check.ok() && bears_what_is_served(c);
        })) << ::testing::PrintToString(global(c))
            << trouble;
    }

    std::optional<FakeServer> server_;
    std::optional<FakeServer6> server6_;
    int number_ = 0;
};

TEST_F(DhcpDaemonFaults, LoseNoLease) {
    constexpr int step = 601;
    try_calls(step, [&](int number) { return try_one(number); });
}

}  // namespace
}  // namespace cni::test
