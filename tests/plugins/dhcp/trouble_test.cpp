// Leases of a host on which something does not work: they are kept as long as the server has them.
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DhcpTrouble : public ScriptedDhcpTest {
protected:
    static FakeServer::Script short_lease() { return {.lease = 8, .rebind = 7}; }
    static FakeServer::Script short_lease_by(const dhcp::Bytes& router) {
        FakeServer::Script script = short_lease();
        script.options = {{dhcp::option4::routers, router}};
        return script;
    }
    static std::string state_dir() { return cat(socket_path(), ".leases"); }
    /// A draft of a record cannot be made where a directory has its name.
    static void keep_records_from_being_written() {
        output_of({"mkdir", cat(state_dir(), "/.new")});
    }
    static std::string log_of(const Process& daemon) {
        return read_file(cat("/proc/", daemon.pid(), "/fd/2"), 1u << 20).value_or("");
    }
    static std::size_t times(std::string_view text, std::string_view part) {
        std::size_t count = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
        return count;
    }
    /// Soft limit on the numbers of descriptors.
    static void limit_descriptors(const Process& of, rlim_t most) {
        rlimit limit{};
        checked(::prlimit(of.pid(), RLIMIT_NOFILE, nullptr, &limit), "prlimit");
        limit.rlim_cur = std::min(most, limit.rlim_max);
        checked(::prlimit(of.pid(), RLIMIT_NOFILE, &limit, nullptr), "prlimit");
    }
};

TEST_F(DhcpTrouble, ARenewedLeaseThatCannotBeWrittenDownIsKept) {
    server().set(short_lease());
    const TestNetns c("c1");
    const json result = add(c, network());
    server().await(Type4::request);
    keep_records_from_being_written();
    server().await(Type4::request);
    server().await(Type4::request);
    EXPECT_EQ(server().count(Type4::release), 0u);
    EXPECT_THAT(log_of(daemon()), HasSubstr("c1/net1/eth0: the lease is kept"));
    expect_sound(c, network(), result);
    output_of({"rmdir", cat(state_dir(), "/.new")});
    server().await(Type4::request);
    server().await(Type4::request);
    restart_daemon(SIGTERM);
    expect_sound(c, network(), result);
    EXPECT_EQ(server().count(Type4::discover), 1u);
}

TEST_F(DhcpTrouble, AFirstLeaseThatCannotBeWrittenDownIsNone) {
    keep_records_from_being_written();
    const TestNetns c("c1");
    EXPECT_THAT(call("ADD", c, network()).error_message(), HasSubstr(".leases/"));
    EXPECT_EQ(link(c, "eth0"), nullptr);
}

TEST_F(DhcpTrouble, ARenewedLeaseIsKeptWhenItsRoutesCannotBeSet) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    server().await(Type4::request);
    server().set(short_lease_by({10, 9, 9, 9}));
    server().await(Type4::request);
    server().await(Type4::request);
    EXPECT_EQ(server().count(Type4::release), 0u);
    EXPECT_THAT(addresses(c), ElementsAre("10.1.2.50/24"));
    EXPECT_TRUE(comes_true([&] {
        return c.output_of({"ip", "route"}).find("default via 10.1.2.1 ") != std::string::npos;
    }));
    server().set(short_lease_by({10, 1, 2, 3}));
    EXPECT_TRUE(comes_true([&] {
        return c.output_of({"ip", "route"}).find("default via 10.1.2.3") != std::string::npos;
    }));
}

TEST_F(DhcpTrouble, AnAddressThatCannotBeUsedIsTakenOffBeforeItIsGivenBack) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    server().await(Type4::request);
    FakeServer::Script other = short_lease_by({10, 9, 9, 9});
    other.address = {*Ip::parse("10.1.2.61"), 24};
    server().set(other);
    EXPECT_EQ(server().await(Type4::release).message.client.to_string(), "10.1.2.61");
    EXPECT_THAT(addresses(c), IsEmpty());
}

TEST_F(DhcpTrouble, TheDaemonOutlivesALackOfDescriptors) {
    if (is_sanitized()) GTEST_SKIP() << "sanitizers want descriptors of their own";
    server().set({.is_silent = true});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::jthread adding([&] { run = call("ADD", c, network()); });
    server().await(Type4::discover);
    limit_descriptors(daemon(), 1);
    c.output_of({"ip", "link", "set", "eth0", "down"});
    EXPECT_TRUE(
        comes_true([&] { return log_of(daemon()).find("Network is down") != std::string::npos; }));
    limit_descriptors(daemon(), RLIM_INFINITY);
    c.output_of({"ip", "link", "set", "eth0", "up"});
    server().set({});
    adding.join();
    EXPECT_TRUE(run->ok()) << run->report();
}

TEST_F(DhcpTrouble, WhatIsWrongAgainAndAgainIsSaidOnce) {
    server().set({.is_silent = true});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::jthread adding([&] { run = call("ADD", c, network()); });
    server().await(Type4::discover);
    const auto network_is_down = [&] { return times(log_of(daemon()), "Network is down"); };
    c.output_of({"ip", "link", "set", "eth0", "down"});
    EXPECT_TRUE(comes_true([&] { return network_is_down() != 0; }));
    for (int i = 0; i < 30; ++i)
        for (const char* state : {"up", "down"}) c.output_of({"ip", "link", "set", "eth0", state});
    c.output_of({"ip", "link", "set", "eth0", "up"});
    server().set({});
    adding.join();
    EXPECT_TRUE(run->ok()) << run->report();
    EXPECT_LE(network_is_down(), 10u);
}

// Who has the port keeps the daemon from a socket of its own, not from the link.
TEST_F(DhcpTrouble, AProcessOfTheContainerAtPort68DoesNotMatter) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    const Fd socket = c.run([] {
        Fd its(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(68);
        checked(::bind(its.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind to port 68");
        return its;
    });
    server().await(Type4::request);
    server().await(Type4::request);
    server().await(Type4::request);
    EXPECT_EQ(server().count(Type4::discover), 1u);
    del(c, network());
    EXPECT_EQ(server().await(Type4::release).source.to_string(), "10.1.2.50");
}

TEST_F(DhcpTrouble, WhatIsNoRecordDoesNotKeepADaemonFromStarting) {
    const TestNetns c("c1");
    const json result = add(c, network());
    output_of({"mkdir", cat(state_dir(), "/0123")});
    restart_daemon(SIGKILL);
    expect_sound(c, network(), result);
    EXPECT_THAT(log_of(daemon()), HasSubstr("0123"));
}

// Of a socket nothing can be read, as of a disk that fails.
TEST_F(DhcpTrouble, ARecordThatCannotBeReadStays) {
    const std::string path = cat(state_dir(), "/0123");
    const Fd socket(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "bind to ", path);
    restart_daemon(SIGKILL);
    EXPECT_EQ(::access(path.c_str(), F_OK), 0);
    EXPECT_THAT(log_of(daemon()), HasSubstr(cat("leave ", path)));
}

// More is told to the daemon than its socket holds while it does not listen.
TEST_F(DhcpTrouble, AnInterfaceThatGoesAmongManyIsNoticed) {
    const TestNetns c("c1"), d("d1");
    const json result = add(c, network());
    std::string made, removed;
    for (int i = 0; i < 1500; ++i) {
        made += cat("link add x", i, " type ifb\n");
        removed += cat("link del x", i, "\n");
    }
    d.run([&] { output_of({"ip", "-batch", "-"}, made); });
    dhcp("CHECK", c, recorded(network(), result));
    daemon().signal(SIGSTOP);
    d.run([&] { output_of({"ip", "-batch", "-"}, removed); });
    c.output_of({"ip", "link", "del", "eth0"});
    daemon().signal(SIGCONT);
    EXPECT_TRUE(comes_true([&] {
        return dhcp("CHECK", c, recorded(network(), result))
                   .error_message()
                   .find("there is no lease") != std::string::npos;
    }));
}

// Whoever once had a lease goes on for ever.
TEST_F(DhcpTrouble, ALostLeaseIsLookedForByTheNextDaemonToo) {
    server().set({.lease = 3, .renew = 1, .rebind = 2});
    const TestNetns c("c1");
    add(c, network());
    server().set({.is_silent = true});
    EXPECT_TRUE(comes_true([&] { return addresses(c).empty(); }));
    daemon().signal(SIGKILL);
    daemon().wait();
    const Process next = start_daemon({"-timeout", "200ms", "-resendtimeout", "300ms"});
    const std::size_t so_far = server().count(Type4::discover);
    EXPECT_TRUE(comes_true([&] { return server().count(Type4::discover) >= so_far + 4; }));
    server().set({});
    EXPECT_TRUE(comes_true([&] { return !addresses(c).empty(); }));
}

}  // namespace
}  // namespace cni::test
