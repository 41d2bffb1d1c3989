// A server of another make, that of the ISC: leases, renewals, and what becomes of both when the
// server, or the daemon, is started anew. scripts/fetch-dhcpd gets it.
#include <unistd.h>

#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* dhcpd = CNIXX_SOURCE_DIR "/build/isc-dhcp-server/usr/sbin/dhcpd";

/// What there is of it for a family.
struct Server {
    const char* flag;
    const char* ports;  ///< a file of the kernel that lists what is bound
    const char* port;   ///< as it is there
    const char* configuration;
    std::string config_file() const { return cat("/run/dhcpd", flag, ".conf"); }
    std::string lease_file() const { return cat("/run/dhcpd", flag, ".leases"); }
};

// Renewed every four seconds, half of the time; it has no new lease for who comes sooner.
constexpr Server v4{"-4", "/proc/thread-self/net/udp", ":0043 ", R"(
    authoritative;
    default-lease-time 8;
    max-lease-time 8;
    min-lease-time 8;
    dhcp-cache-threshold 0;
    subnet 10.1.2.0 netmask 255.255.255.0 {
        range 10.1.2.100 10.1.2.150;
        option routers 10.1.2.1;
    })"};
constexpr Server v6{"-6", "/proc/thread-self/net/udp6", ":0223 ", R"(
    default-lease-time 8;
    preferred-lifetime 8;
    dhcp-cache-threshold 0;
    subnet6 fd00:1:2::/64 { range6 fd00:1:2::1000 fd00:1:2::1fff; })"};

class DhcpIsc : public DhcpTest {
protected:
    void SetUp() override {
        if (::access(dhcpd, X_OK) < 0) GTEST_SKIP() << "no dhcpd: scripts/fetch-dhcpd";
        DhcpTest::SetUp();
        if (IsSkipped()) return;
        // It does not look at an address that is not certain yet.
        EXPECT_TRUE(comes_true([&] {
            const std::string own = outside().netns().output_of({"ip", "-6", "address"});
            return own.find(" fe80:") != own.npos && own.find("tentative") == own.npos;
        }));
        for (const Server& server : {v4, v6}) {
            output_of({"sh", "-c", cat("cat >", server.config_file())}, server.configuration);
            output_of({"touch", server.lease_file()});
        }
    }
    Process start(const Server& server) const {
        return outside().netns().run([&] {
            Process process =
                Process::start({.argv = {dhcpd, server.flag, "-f", "-q", "-cf",
                                         server.config_file(), "-lf", server.lease_file(), "-pf",
                                         cat("/run/dhcpd", server.flag, ".pid"), "eth0"}});
            EXPECT_TRUE(comes_true([&] {
                return read_file(server.ports, 1u << 20).value_or("").find(server.port) !=
                       std::string::npos;
            }));
            return process;
        });
    }
    static void end(std::optional<Process>& process, int signal) {
        stop(std::move(*process), signal);
        process.reset();
    }
    json config() const { return network({{"cniVersion", "1.1.0"}}, {{"family", "both"}}); }

    /// What it has written about an address: a block each time.
    static std::vector<std::string> blocks_of(const Server& server, const std::string& address) {
        const std::string text = read_file(server.lease_file(), 1u << 20).value_or("");
        std::vector<std::string> blocks;
        const std::string head = cat(" ", address, " {");
        for (auto at = text.find(head); at != text.npos; at = text.find(head, at + 1))
            blocks.push_back(text.substr(at, text.find('}', at) - at));
        return blocks;
    }
    static bool is_active(const Server& server, const std::string& address) {
        const auto blocks = blocks_of(server, address);
        const auto says = [&](const char* line) {
            return !blocks.empty() && blocks.back().find(line) != std::string::npos;
        };
        // Of IPv6 it is a level deeper. The next state it will have stands there, too.
        return says("\n  binding state active;") || says("\n    binding state active;");
    }
    static void expect_renewed(const Server& server, const std::string& address) {
        const auto before = blocks_of(server, address).size();
        EXPECT_TRUE(comes_true([&] { return blocks_of(server, address).size() > before; }))
            << read_file(server.lease_file(), 1u << 20).value_or("");
        EXPECT_TRUE(is_active(server, address));
    }
};

std::string without_length(const std::string& prefix) {
    return prefix.substr(0, prefix.find('/'));
}

TEST_F(DhcpIsc, LeasesAreRenewedThroughRestartsOfServerAndDaemon) {
    std::optional<Process> four(start(v4)), six(start(v6)), daemon(start_daemon());
    const TestNetns c("c1");
    const json result = add(c, config());
    ASSERT_THAT(result["ips"], SizeIs(2));
    const std::string address = without_length(result["ips"][0]["address"]);
    const std::string address6 = without_length(result["ips"][1]["address"]);
    EXPECT_THAT(address, StartsWith("10.1.2.1"));
    EXPECT_THAT(address6, StartsWith("fd00:1:2::1"));
    EXPECT_EQ(result["routes"], json({{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}}}));
    const auto expect_all_renewed = [&] {
        expect_renewed(v4, address);
        expect_renewed(v6, address6);
        expect_sound(c, config(), result);
    };
    expect_all_renewed();
    for (const int signal : {SIGTERM, SIGKILL}) {
        for (std::optional<Process>* process : {&four, &six}) end(*process, signal);
        four.emplace(start(v4));
        six.emplace(start(v6));
        expect_all_renewed();
        end(daemon, signal);
        daemon.emplace(start_daemon());
        expect_all_renewed();
    }
    del(c, config());
    EXPECT_TRUE(comes_true([&] { return !is_active(v4, address) && !is_active(v6, address6); }));
}

// It is authoritative: to the renewal of what it does not know it says no, or yes anew.
TEST_F(DhcpIsc, AServerThatHasForgottenItsLeasesGivesThemAnew) {
    std::optional<Process> four(start(v4)), six(start(v6));
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json result = add(c, config());
    for (std::optional<Process>* process : {&four, &six}) end(*process, SIGKILL);
    for (const Server& server : {v4, v6}) output_of({"cp", "/dev/null", server.lease_file()});
    four.emplace(start(v4));
    six.emplace(start(v6));
    EXPECT_TRUE(comes_true([&] {
        return is_active(v4, without_length(result["ips"][0]["address"])) &&
               is_active(v6, without_length(result["ips"][1]["address"]));
    }));
    expect_sound(c, config(), result);
    del(c, config());
}

TEST_F(DhcpIsc, HasAnAddressForEachContainer) {
    const Process four = start(v4), six = start(v6);
    const Process daemon = start_daemon();
    const TestNetns one("c1"), other("c2");
    const json first = add(one, config()), second = add(other, config());
    EXPECT_NE(first["ips"][0], second["ips"][0]);
    EXPECT_NE(first["ips"][1], second["ips"][1]);
    expect_sound(one, config(), first);
    del(other, config());
    expect_sound(one, config(), first);
    del(one, config());
}

}  // namespace
}  // namespace cni::test
