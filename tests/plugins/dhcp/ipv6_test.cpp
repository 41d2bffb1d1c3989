// Leases of IPv6, alone and beside those of IPv4.
#include "fake_server6.h"
#include "fixture.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using dhcp::Type6;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// With a server for both families, which is the router as well.
class DhcpIpv6 : public DhcpTest {
protected:
    Process start_server(const std::vector<std::string>& options = {}) const {
        std::vector<std::string> all = {"--dhcp-range=fd00:1:2::100,fd00:1:2::1ff,64,1h",
                                        "--enable-ra"};
        all.insert(all.end(), options.begin(), options.end());
        return start_dnsmasq(all);
    }
    static json of(const char* family) { return {{"family", family}}; }
    json network_of(const char* family, const json& ipam = json::object()) const {
        json keys = of(family);
        keys.update(ipam);
        return network({{"cniVersion", "1.1.0"}}, keys);
    }
    static std::vector<std::string> global(const TestNetns& c) {
        std::vector<std::string> found;
        for (const std::string& address : addresses(c))
            if (!address.starts_with("fe80:")) found.push_back(address);
        return found;
    }
};

TEST_F(DhcpIpv6, BothFamiliesComeTogether) {
    const Process server = start_server({"--dhcp-option=option:dns-server,10.1.2.53",
                                         "--dhcp-option=option6:dns-server,[fd00:1:2::53]",
                                         "--dhcp-option=option6:domain-search,six.example"});
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json config = network_of("both");
    const json result = add(c, config);
    ASSERT_THAT(result["ips"], SizeIs(2));
    const std::string four = result["ips"][0]["address"], six = result["ips"][1]["address"];
    EXPECT_THAT(four, StartsWith("10.1.2."));
    EXPECT_THAT(six, ::testing::MatchesRegex("fd00:1:2::1[0-9a-f]{2}/128"));
    EXPECT_EQ(result["ips"][1], (json{{"address", six}, {"interface", 0}}));
    EXPECT_EQ(result["routes"], json({{{"dst", "0.0.0.0/0"}, {"gw", "10.1.2.1"}}}));
    EXPECT_EQ(result["dns"]["nameservers"], json({"10.1.2.53", "fd00:1:2::53"}));
    EXPECT_EQ(result["dns"]["search"], json({"six.example"}));
    EXPECT_THAT(global(c), ::testing::UnorderedElementsAre(four, six));
    EXPECT_THAT(given(), SizeIs(2));
    expect_sound(c, config, result);
    EXPECT_TRUE(dhcp("CHECK", c, recorded(config, result)).ok());
    del(c, config);
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
}

TEST_F(DhcpIpv6, RoutesComeFromTheRouter) {
    const Process server = start_server();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json result = add(c, network_of("ipv6"));
    EXPECT_THAT(result["ips"], SizeIs(1));
    EXPECT_EQ(result.count("routes"), 0u);
    EXPECT_THAT(given(), SizeIs(1));
    EXPECT_TRUE(comes_true([&] {
        return c.output_of({"ip", "-6", "route"}).find("default via fe80:") != std::string::npos;
    }));
    expect_answer(c, result, outside().netns(), "fd00:1:2::1");
}

TEST_F(DhcpIpv6, WorksThroughABridge) {
    output_of({"sh", "-ec",
               "ip link add br0 type bridge; ip link set br0 up;"
               "ip addr flush dev uplink; ip link set uplink master br0"});
    const Process server = start_server();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json config = layer2({{"cniVersion", "1.1.0"},
                                {"ipam", {{"type", "dhcp"}, {"family", "both"}}},
                                {"bridge", "br0"}});
    const json result = BridgeCalls::add(c, config);
    ASSERT_THAT(result["ips"], SizeIs(2));
    EXPECT_THAT(global(c), ::testing::UnorderedElementsAre(result["ips"][0]["address"],
                                                           result["ips"][1]["address"]));
    BridgeCalls::del(c, config);
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
}

TEST_F(DhcpIpv6, IsToldTheNameOfTheHost) {
    const Process server = start_server();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    add(c, network_of("ipv6", {{"provide6", {{{"option", "host-name"}, {"value", "web-1"}}}}}));
    EXPECT_THAT(read_file(dnsmasq_leases, 1u << 20).value_or(""), HasSubstr(" web-1 "));
}

TEST_F(DhcpIpv6, IsEnabledWhereTheContainerHasNone) {
    const Process server = start_server();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    shell(c, "for all in all default; do echo 1 >/proc/sys/net/ipv6/conf/$all/disable_ipv6; done");
    const json result = add(c, network_of("ipv6"));
    EXPECT_THAT(global(c), ElementsAre(result["ips"][0]["address"]));
}

TEST_F(DhcpIpv6, EndsSoonWhereRoutersSayThatThereIsNoServer) {
    const Process server = start_dnsmasq({"--dhcp-range=fd00:1:2::,ra-only,64", "--enable-ra"});
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, network_of("both"));
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), HasSubstr("routers say that there is none"));
    EXPECT_EQ(link(c, "eth0"), nullptr);
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
}

TEST_F(DhcpIpv6, GcReleasesBoth) {
    const Process server = start_server();
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    add(c, network_of("both"));
    json config = network_of("both");
    config["cni.dev/valid-attachments"] = json::array();
    EXPECT_TRUE(dhcp("GC", config).ok());
    EXPECT_TRUE(comes_true([] { return given().empty(); }));
}

// ---------------------------------------------------------------- a server that does as it pleases

class DhcpLease6 : public ScriptedDhcpTest {
protected:
    using Script = FakeServer6::Script;
    void SetUp() override {
        ScriptedDhcpTest::SetUp();
        if (!IsSkipped()) server6_.emplace(outside().netns().netns(), "eth0");
    }
    FakeServer6& server6() { return *server6_; }
    json both() const { return network(json::object(), {{"family", "both"}}); }
    json alone() const { return network(json::object(), {{"family", "ipv6"}}); }
    static Script short_lease() { return {.preferred = 8, .valid = 8, .renew = 1, .rebind = 7}; }
    static Ip leased() { return *Ip::parse("fd00:1:2::50"); }
    static bool has(const TestNetns& c, const std::string& address) {
        return ::testing::Matches(Contains(address))(addresses(c));
    }

private:
    std::optional<FakeServer6> server6_;
};

TEST_F(DhcpLease6, IsAskedForInFourMessagesWhereTheServerWantsIt) {
    server6().set({.takes_rapid_commit = false});
    const TestNetns c("c1");
    add(c, alone());
    const auto solicit = server6().await(Type6::solicit);
    EXPECT_THAT(solicit.source.to_string(), StartsWith("fe80:"));
    EXPECT_EQ(server6().await(Type6::request).address(), leased());
    EXPECT_EQ(server().count(Type4::discover), 0u);
}

TEST_F(DhcpLease6, IsRenewedAndReleased) {
    server6().set(short_lease());
    const TestNetns c("c1");
    const json result = add(c, both());
    EXPECT_EQ(server6().await(Type6::renew).address(), leased());
    // The answer came through: else any server would be asked.
    server6().await(Type6::renew);
    expect_sound(c, both(), result);
    del(c, both());
    EXPECT_EQ(server6().await(Type6::release).address(), leased());
    server().await(Type4::release);
}

// Who has the port keeps the daemon from having it, not from hearing what comes to it.
TEST_F(DhcpLease6, IsKeptBesideAProcessOfTheContainerAtPort546) {
    server6().set(short_lease());
    const TestNetns c("c1");
    const Fd socket = c.run([] {
        Fd its(checked(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(546);
        checked(::bind(its.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind to port 546");
        return its;
    });
    const json result = add(c, alone());
    server6().await(Type6::renew);
    server6().await(Type6::renew);
    EXPECT_EQ(server6().count(Type6::solicit), 1u);
    expect_sound(c, alone(), result);
    del(c, alone());
    EXPECT_EQ(server6().await(Type6::release).address(), leased());
}

TEST_F(DhcpLease6, IsAskedForAnywhereWhenItsServerIsSilent) {
    server6().set({.preferred = 8, .valid = 8, .renew = 1, .rebind = 5});
    const TestNetns c("c1");
    add(c, alone());
    server6().set({.is_silent = true});
    const auto rebinding = server6().await(Type6::rebind);
    EXPECT_EQ(rebinding.address(), leased());
    EXPECT_EQ(find(rebinding.message.options, dhcp::option6::server_id), nullptr);
}

TEST_F(DhcpLease6, EndsInTimeAndComesBackWhileTheOtherOneStays) {
    server6().set({.preferred = 3, .valid = 3, .renew = 1, .rebind = 2});
    const TestNetns c("c1");
    const json result = add(c, both());
    server6().set({.is_silent = true});
    EXPECT_TRUE(comes_true([&] { return !has(c, "fd00:1:2::50/128"); }));
    EXPECT_TRUE(has(c, "10.1.2.50/24"));
    EXPECT_THAT(dhcp("CHECK", c, recorded(both(), result)).error_message(),
                HasSubstr("there is no lease"));
    server6().set({});
    EXPECT_TRUE(comes_true([&] { return has(c, "fd00:1:2::50/128"); }));
    EXPECT_TRUE(comes_true([&] { return dhcp("CHECK", c, recorded(both(), result)).ok(); }));
}

TEST_F(DhcpLease6, OfAnotherAddressIsPutOnTheInterface) {
    server6().set(short_lease());
    const TestNetns c("c1");
    const json result = add(c, both());
    server6().set({.address = *Ip::parse("fd00:1:2::51")});
    EXPECT_TRUE(comes_true([&] { return has(c, "fd00:1:2::51/128"); }));
    EXPECT_FALSE(has(c, "fd00:1:2::50/128"));
    EXPECT_TRUE(has(c, "10.1.2.50/24"));
    EXPECT_THAT(dhcp("CHECK", c, recorded(both(), result)).error_message(),
                HasSubstr("address fd00:1:2::51/128 of the lease is not in prevResult"));
}

TEST_F(DhcpLease6, OutlivesTheDaemon) {
    for (const int signal : {SIGTERM, SIGKILL}) {
        server6().set({.preferred = 14, .valid = 14, .renew = 7, .rebind = 13});
        const TestNetns c("c1");
        const json result = add(c, both());
        restart_daemon(signal);
        EXPECT_EQ(server6().await(Type6::renew).address(), leased());
        expect_sound(c, both(), result);
        del(c, both());
        EXPECT_EQ(server6().await(Type6::release).address(), leased());
    }
    EXPECT_EQ(server6().count(Type6::solicit), 2u);
}

TEST_F(DhcpLease6, OfAnAddressThatIsMissingIsAskedForByTheNextDaemon) {
    const TestNetns c("c1");
    const json result = add(c, both());
    daemon().signal(SIGKILL);
    daemon().wait();
    c.output_of({"ip", "address", "flush", "dev", "eth0", "scope", "global"});
    const Process next = start_daemon();
    server().await(Type4::request);
    const auto again = server().await(Type4::request);
    EXPECT_EQ(again.message.options.count(dhcp::option4::server_id), 0u);
    EXPECT_TRUE(again.message.client.is_any());
    EXPECT_EQ(server6().await(Type6::confirm).address(), leased());
    EXPECT_TRUE(comes_true([&] { return has(c, "10.1.2.50/24") && has(c, "fd00:1:2::50/128"); }));
    expect_sound(c, both(), result);
    EXPECT_EQ(server().count(Type4::discover), 1u);
    EXPECT_EQ(server6().count(Type6::solicit), 1u);
}

TEST_F(DhcpLease6, OfAnAddressThatSomebodyHasIsDeclined) {
    outside().netns().output_of(
        {"ip", "-6", "addr", "add", "fd00:1:2::50/64", "dev", "eth0", "nodad"});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::thread adding([&] { run = call("ADD", c, alone()); });
    EXPECT_EQ(server6().await(Type6::decline).address(), leased());
    server6().set({.address = *Ip::parse("fd00:1:2::51")});
    adding.join();
    EXPECT_TRUE(run->ok()) << run->report();
    EXPECT_TRUE(has(c, "fd00:1:2::51/128"));
    EXPECT_FALSE(has(c, "fd00:1:2::50/128"));
}

TEST_F(DhcpLease6, StaysWhenSomebodyHasTheAddressThatIsToReplaceIt) {
    outside().netns().output_of(
        {"ip", "-6", "addr", "add", "fd00:1:2::51/64", "dev", "eth0", "nodad"});
    server6().set(short_lease());
    const TestNetns c("c1");
    add(c, alone());
    Script other = short_lease();
    other.address = *Ip::parse("fd00:1:2::51");
    server6().set(other);
    EXPECT_EQ(server6().await(Type6::decline).address(), other.address);
    server6().set(short_lease());
    EXPECT_EQ(server6().await(Type6::rebind).address(), leased());
    EXPECT_EQ(server6().await(Type6::renew).address(), leased());
    EXPECT_TRUE(has(c, "fd00:1:2::50/128"));
    EXPECT_EQ(server6().count(Type6::solicit), 1u);
}

TEST_F(DhcpLease6, IsKeptWhenItCannotBeWrittenDown) {
    const std::string obstacle = cat(socket_path(), ".leases/.new");
    server6().set(short_lease());
    const TestNetns c("c1");
    const json result = add(c, both());
    output_of({"mkdir", obstacle});
    server6().await(Type6::renew);
    server6().await(Type6::renew);
    EXPECT_EQ(server6().count(Type6::release), 0u);
    expect_sound(c, both(), result);
    output_of({"rmdir", obstacle});
    server6().await(Type6::renew);
    server6().await(Type6::renew);
    restart_daemon(SIGTERM);
    expect_sound(c, both(), result);
    EXPECT_EQ(server6().count(Type6::solicit), 1u);
}

TEST_F(DhcpLease6, StaysWhenThatOfTheOtherFamilyCannotBeUsed) {
    server().set({.lease = 8, .rebind = 7});
    const TestNetns c("c1");
    const json result = add(c, both());
    server().set({.address = {*Ip::parse("10.1.2.61"), 24},
                  .lease = 8,
                  .rebind = 7,
                  .options = {{dhcp::option4::routers, {10, 9, 9, 9}}}});
    EXPECT_EQ(server().await(Type4::release).message.client.to_string(), "10.1.2.61");
    EXPECT_TRUE(has(c, "fd00:1:2::50/128"));
    EXPECT_THAT(addresses(c), Not(Contains(StartsWith("10."))));
    EXPECT_EQ(server6().count(Type6::release), 0u);
    del(c, both());
    EXPECT_EQ(server6().await(Type6::release).address(), leased());
}

TEST_F(DhcpLease6, WithoutOneThereIsNoneOfTheOtherFamilyEither) {
    server6().set({.is_silent = true});
    restart_daemon(SIGTERM, {"-resendtimeout", "2s"});
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, both());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), HasSubstr("no more tries: no server has answered"));
    EXPECT_EQ(server().await(Type4::release).message.client.to_string(), "10.1.2.50");
    EXPECT_EQ(output_of({"ls", cat(socket_path(), ".leases")}), "");
}

// ---------------------------------------------------------------- another server

TEST_F(DhcpIpv6, KeaServes) {
    if (!run({.argv = {"sh", "-c", "command -v kea-dhcp6"}}).ok())
        GTEST_SKIP() << "there is no kea-dhcp6 here";
    const json config = {{"Dhcp6",
                          {{"interfaces-config",
                            // The link may not be running yet, as it sees it.
                            {{"interfaces", {"eth0"}},
                             {"service-sockets-max-retries", 50},
                             {"service-sockets-retry-wait-time", 200}}},
                           {"lease-database", {{"type", "memfile"}, {"name", "/run/kea.leases"}}},
                           {"server-id", {{"type", "LL"}, {"persist", false}}},
                           {"subnet6",
                            {{{"id", 1},
                              {"subnet", "fd00:1:2::/64"},
                              {"interface", "eth0"},
                              {"pools", {{{"pool", "fd00:1:2::1000-fd00:1:2::1fff"}}}}}}}}}};
    output_of({"sh", "-c", "cat >/run/kea.json"}, config.dump());
    std::vector<std::string> environment = Program::inherited();
    for (const char* name : {"KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR"})
        environment.push_back(cat(name, "=/run"));
    const Process server = outside().netns().run([&] {
        return Process::start(
            {.argv = {"kea-dhcp6", "-c", "/run/kea.json"}, .environment = environment});
    });
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    const json result = add(c, network_of("ipv6"));
    const std::string address = result["ips"][0]["address"];
    EXPECT_THAT(address, StartsWith("fd00:1:2::1"));
    EXPECT_THAT(global(c), ElementsAre(address));
    del(c, network_of("ipv6"));
    // A lease of no time: it was given back.
    EXPECT_TRUE(comes_true([&] {
        const std::string leases = read_file("/run/kea.leases", 1u << 20).value_or("");
        const auto last = leases.rfind(address.substr(0, address.find('/')));
        return last != leases.npos && leases.find(",0,", last) != leases.npos;
    }));
}

}  // namespace
}  // namespace cni::test
