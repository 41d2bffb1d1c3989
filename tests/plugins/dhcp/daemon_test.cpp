// The daemon as a program, and what the plugin says where there is none.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using DhcpDaemon = DhcpTest;

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

TEST_F(DhcpDaemon, ListensForRootAloneAndLeavesNothing) {
    Process daemon = start_daemon({"--pidfile=/run/dhcp.pid"});
    EXPECT_EQ(mode_of(socket_path()), 0600);
    EXPECT_EQ(read_file("/run/dhcp.pid", 100), std::to_string(daemon.pid()));
    const Finished finished = stop(std::move(daemon));
    EXPECT_EQ(finished.exit_code(), 0) << finished.err;
    EXPECT_FALSE(exists(socket_path()));
    EXPECT_FALSE(exists("/run/dhcp.pid"));
}

TEST_F(DhcpDaemon, ReplacesASocketThatNobodyListensAt) {
    EXPECT_EQ(stop(start_daemon(), SIGKILL).exit_code(), 128 + SIGKILL);
    EXPECT_TRUE(exists(socket_path()));
    EXPECT_EQ(stop(start_daemon(), SIGINT).exit_code(), 0);
}

TEST_F(DhcpDaemon, DoesNotStartBesideAnother) {
    const Process daemon = start_daemon();
    const Finished second = run({.argv = {cat(bin_dir(), "/dhcp"), "daemon"}});
    EXPECT_EQ(second.exit_code(), 1);
    EXPECT_THAT(second.err, HasSubstr("Address already in use"));
    EXPECT_TRUE(dhcp("STATUS", network()).ok());
}

TEST_F(DhcpDaemon, RefusedBesideAnotherItLeavesTheOthersFileWithTheProcessId) {
    Process daemon = start_daemon({"--pidfile=/run/dhcp.pid"});
    const Finished second =
        run({.argv = {cat(bin_dir(), "/dhcp"), "daemon", "--pidfile=/run/dhcp.pid"}});
    EXPECT_EQ(second.exit_code(), 1);
    EXPECT_EQ(read_file("/run/dhcp.pid", 100), std::to_string(daemon.pid()));
    output_of({"sh", "-c", "echo 1 > /run/dhcp.pid"});
    EXPECT_EQ(stop(std::move(daemon)).exit_code(), 0);
    EXPECT_TRUE(exists("/run/dhcp.pid")) << "it is of somebody else by now";
}

// Whether it waits for a lock of somebody else.
bool waits_for_lock(pid_t pid) {
    const std::string locks = read_file("/proc/locks", 1u << 20).value_or("");
    for (const auto line : split(locks, '\n'))
        if (line.find("-> FLOCK") != line.npos && line.find(cat(" ", pid, " ")) != line.npos)
            return true;
    return false;
}

bool has_ended(pid_t pid) {
    const std::string status = read_file(cat("/proc/", pid, "/stat"), 1u << 12).value_or("");
    return status.find(") Z ") != status.npos;
}

TEST_F(DhcpDaemon, EndsAndDoesNotListenWhileItWaitsForItsPredecessor) {
    const Process daemon = start_daemon({"-statedir", "/run/leases"});
    Process next = Process::start(
        {.argv = {cat(bin_dir(), "/dhcp"), "daemon", "-statedir", "/run/leases", "-socketpath",
                  "/run/next/dhcp.sock", "-pidfile", "/run/next.pid"}});
    EXPECT_TRUE(comes_true([&] { return waits_for_lock(next.pid()); }));
    EXPECT_FALSE(exists("/run/next/dhcp.sock"));
    EXPECT_FALSE(exists("/run/next.pid"));
    next.signal(SIGTERM);
    EXPECT_TRUE(comes_true([&] { return has_ended(next.pid()); }));
}

TEST_F(DhcpDaemon, RefusesWordsItDoesNotKnow) {
    for (const char* word : {"-frobnicate", "x", "-timeout=soon", "-pidfile", "-broadcast=maybe"}) {
        const Finished finished = run({.argv = {cat(bin_dir(), "/dhcp"), "daemon", word}});
        EXPECT_EQ(finished.exit_code(), 2) << word;
        EXPECT_THAT(finished.err, HasSubstr("Usage of daemon")) << word;
    }
    const Finished finished = run({.argv = {cat(bin_dir(), "/dhcp"), "daemon", "-pidfile", "rel"}});
    EXPECT_EQ(finished.exit_code(), 1);
    EXPECT_THAT(finished.err, HasSubstr("path not absolute"));
}

// Not at 3, where the daemon looks for it.
Fd listen_at(const std::string& path) {
    const Fd socket(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "bind to ", path);
    checked(::listen(socket.get(), 5), "listen at ", path);
    return Fd(checked(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 10), "fcntl"));
}

TEST_F(DhcpDaemon, TakesASocketThatIsPassed) {
    const Fd socket = listen_at("/run/passed.sock");
    const std::string command = cat("LISTEN_FDS=1 LISTEN_PID=$$ exec ", bin_dir(), "/dhcp daemon");
    Process daemon = Process::start(
        {.argv = {"sh", "-c", command}, .prepare = [&socket] { ::dup2(socket.get(), 3); }});
    const json config = network(json::object(), {{"daemonSocketPath", "/run/passed.sock"}});
    EXPECT_TRUE(comes_true([&] { return dhcp("STATUS", config).ok(); }));
    EXPECT_FALSE(exists(socket_path()));
    EXPECT_EQ(stop(std::move(daemon)).exit_code(), 0);
    EXPECT_TRUE(exists("/run/passed.sock"));
}

TEST_F(DhcpDaemon, PutsThePrefixBeforePaths) {
    output_of({"mkdir", "-p", "/run/root"});
    const json config =
        network(json::object(), {{"daemonSocketPath", "/run/root/run/cni/dhcp.sock"}});
    const Process daemon =
        Process::start({.argv = {cat(bin_dir(), "/dhcp"), "daemon", "-hostprefix", "/run/root"}});
    EXPECT_TRUE(comes_true([&] { return dhcp("STATUS", config).ok(); }));
    const TestNetns c("c1");
    EXPECT_THAT(dhcp("ADD", c, config).error_message(), HasSubstr("/run/root/run/netns/c1"));
}

TEST_F(DhcpDaemon, KeepsFewCapabilities) {
    const Process daemon = start_daemon();
    const std::string status = *read_file(cat("/proc/", daemon.pid(), "/status"), 1u << 16);
    // CHOWN, KILL, SETUID and SYS_MODULE among others are gone.
    EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000283406"));
    EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000283406"));
    EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
}

// Capabilities of the unit that ships, as a bit each.
std::uint64_t capabilities_of_unit() {
    constexpr std::pair<std::string_view, int> known[] = {
        {"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE},
        {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
        {"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE},
        {"CAP_NET_BROADCAST", CAP_NET_BROADCAST},
        {"CAP_NET_ADMIN", CAP_NET_ADMIN},
        {"CAP_NET_RAW", CAP_NET_RAW},
        {"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
        {"CAP_SYS_ADMIN", CAP_SYS_ADMIN}};
    const std::string unit =
        *read_file(CNIXX_SOURCE_DIR "/ipam/dhcp/systemd/cni-dhcp.service", 1u << 16);
    constexpr std::string_view key = "CapabilityBoundingSet=";
    std::uint64_t found = 0;
    for (const auto line : split(unit, '\n')) {
        if (!line.starts_with(key)) continue;
        for (const auto word : split(line.substr(key.size()), ' '))
            for (const auto& [name, number] : known)
                if (name == word) found |= std::uint64_t{1} << number;
    }
    return found;
}

TEST_F(DhcpDaemon, HearsOfInterfacesThatGoWithTheCapabilitiesOfItsUnit) {
    const FakeServer server(outside().netns().netns(), "eth0");
    const std::uint64_t kept = capabilities_of_unit();
    const Process daemon =
        Process::start({.argv = {cat(bin_dir(), "/dhcp"), "daemon"}, .prepare = [kept] {
                            for (int each = 0; ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each)
                                if ((kept >> each & 1) == 0)
                                    ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
                        }});
    EXPECT_TRUE(comes_true([&] { return dhcp("STATUS", network()).ok(); }));
    const TestNetns c("c1");
    const json result = add(c, network());
    const json asked = recorded(network(), result);
    EXPECT_TRUE(dhcp("CHECK", c, asked).ok());
    c.output_of({"ip", "link", "del", "eth0"});
    EXPECT_TRUE(comes_true([&] {
        return dhcp("CHECK", c, asked).error_message().find("there is no lease") !=
               std::string::npos;
    }));
}

TEST_F(DhcpDaemon, WithoutOneThePluginSaysSo) {
    const TestNetns c("c1");
    const PluginRun added = call("ADD", c, network());
    EXPECT_EQ(added.error_code(), 11);
    EXPECT_THAT(added.error_message(), StartsWith("error dialing DHCP daemon: dial unix "
                                                  "/run/cni/dhcp.sock: connect: "));
    EXPECT_EQ(link(c, "eth0"), nullptr);
    EXPECT_EQ(dhcp("STATUS", network()).error_code(), 50);
    EXPECT_TRUE(dhcp("DEL", c, network()).ok());
    EXPECT_TRUE(call("DEL", c, network()).ok());
    json config = network();
    config["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(dhcp("GC", config).ok());
}

TEST_F(DhcpDaemon, IsNotTakenForOneThatSpeaksSomethingElse) {
    const Process other = Process::start(
        {.argv = {"sh", "-c", "mkdir -p /run/cni; yes hello | nc -lkU /run/cni/dhcp.sock"}});
    EXPECT_TRUE(comes_true([] { return exists(socket_path()); }));
    const PluginRun run = dhcp("STATUS", network());
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_THAT(run.error_message(), HasSubstr("does not speak the protocol"));
}

TEST_F(DhcpDaemon, RefusesWhatIsNoNamespaceOrNoCall) {
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    PluginArgs bad = args(c);
    bad.netns = "/etc/hostname";
    EXPECT_EQ(dhcp("ADD", bad, network()).error_code(), 8);
    const PluginRun run = dhcp("ADD", c, network());
    EXPECT_THAT(run.error_message(), HasSubstr("eth0"));
    for (const char* garbage : {"GET / HTTP/1.0\\n\\n", "CONNECT /_goRPC_ HTTP/1.0\\n\\n\\377\\377",
                                "CONNECT /_goRPC_ HTTP/1.0\\n\\n\\005hello", "x"})
        output_of({"sh", "-c", cat("printf '", garbage, "' | nc -NU ", socket_path(), " || true")});
    EXPECT_TRUE(dhcp("STATUS", network()).ok());
}

TEST_F(DhcpDaemon, GivesUpWhenTheCallerHasGone) {
    FakeServer server(outside().netns().netns(), "eth0");
    server.set({.is_silent = true});
    Process daemon = start_daemon({"-timeout", "200ms"});
    const TestNetns c("c1");
    output_of({"ip", "link", "add", "eth0", "link", "uplink", "netns", "c1", "type", "macvlan"});
    Process caller = Process::start(
        {.argv = {cat(bin_dir(), "/dhcp")},
         .input = network().dump(),
         .environment = {"CNI_COMMAND=ADD", "CNI_CONTAINERID=c1", cat("CNI_NETNS=", c.path()),
                         "CNI_IFNAME=eth0", "CNI_PATH=/"}});
    server.await(dhcp::Type4::discover);
    caller.signal(SIGKILL);
    caller.wait();
    // Nobody is in its way.
    server.set({});
    EXPECT_TRUE(dhcp("ADD", c, network()).ok());
    EXPECT_THAT(stop(std::move(daemon)).err, HasSubstr("nobody waits"));
}

}  // namespace
}  // namespace cni::test
