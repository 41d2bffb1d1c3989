// What becomes of a lease, with servers that do as they please.
#include "fixture.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Script = FakeServer::Script;

class DhcpLease : public ScriptedDhcpTest {
protected:
    static Script short_lease() { return {.lease = 8, .rebind = 7}; }
    Ip leased() const { return *Ip::parse("10.1.2.50"); }
};

TEST_F(DhcpLease, IsRenewedFromItsAddressAtItsServer) {
    server().set(short_lease());
    const TestNetns c("c1");
    const json result = add(c, network());
    EXPECT_TRUE(server().await(Type4::request).was_broadcast);
    const auto renewal = server().await(Type4::request);
    EXPECT_EQ(renewal.source, leased());
    EXPECT_EQ(renewal.message.client, leased());
    EXPECT_FALSE(renewal.was_broadcast);
    EXPECT_EQ(renewal.message.options.count(dhcp::option4::server_id), 0u);
    EXPECT_EQ(renewal.message.options.count(dhcp::option4::requested_address), 0u);
    // The answer came through: else the next one would be broadcast, or late.
    EXPECT_EQ(server().await(Type4::request).source, leased());
    expect_sound(c, network(), result);
}

TEST_F(DhcpLease, IsAskedForAnywhereWhenItsServerIsSilent) {
    server().set({.lease = 8, .renew = 4, .rebind = 5});
    const TestNetns c("c1");
    add(c, network());
    server().await(Type4::request);
    server().set({.is_silent = true});
    EXPECT_FALSE(server().await(Type4::request).was_broadcast);
    const auto rebinding = server().await(Type4::request);
    EXPECT_TRUE(rebinding.was_broadcast);
    EXPECT_EQ(rebinding.source, leased());
    EXPECT_EQ(rebinding.message.client, leased());
}

TEST_F(DhcpLease, EndsInTimeAndComesBack) {
    server().set({.lease = 3, .renew = 1, .rebind = 2});
    const TestNetns c("c1");
    const json result = add(c, network());
    server().set({.is_silent = true});
    EXPECT_TRUE(comes_true([&] { return addresses(c).empty(); }));
    EXPECT_THAT(link(c, "eth0")["flags"], ::testing::Contains("UP"));
    EXPECT_THAT(dhcp("CHECK", c, recorded(network(), result)).error_message(),
                HasSubstr("there is no lease"));
    server().set({});
    EXPECT_TRUE(comes_true([&] { return !addresses(c).empty(); }));
    EXPECT_THAT(addresses(c), ElementsAre("10.1.2.50/24"));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("default via 10.1.2.1"));
    expect_sound(c, network(), result);
}

TEST_F(DhcpLease, IsAskedForAnewAtOnceWhenItIsRefused) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    server().await(Type4::request);
    server().set({.refuses = true});
    server().await(Type4::request);
    server().await(Type4::discover);
    server().set({.address = {*Ip::parse("10.1.2.60"), 24}});
    EXPECT_TRUE(
        comes_true([&] { return addresses(c) == std::vector<std::string>{"10.1.2.60/24"}; }));
}

TEST_F(DhcpLease, OfAnotherAddressIsPutOnTheInterface) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    c.output_of({"ip", "route", "add", "192.168.9.0/24", "via", "10.1.2.9", "dev", "eth0"});
    server().set({.address = {*Ip::parse("10.1.2.61"), 24},
                  .options = {{dhcp::option4::routers, {10, 1, 2, 2}}}});
    EXPECT_TRUE(
        comes_true([&] { return addresses(c) == std::vector<std::string>{"10.1.2.61/24"}; }));
    const std::string routes = c.output_of({"ip", "route"});
    EXPECT_THAT(routes, HasSubstr("default via 10.1.2.2"));
    EXPECT_THAT(routes, Not(HasSubstr("default via 10.1.2.1 ")));
    EXPECT_THAT(routes, HasSubstr("192.168.9.0/24 via 10.1.2.9"));
}

TEST_F(DhcpLease, OfOtherRoutesChangesThoseAlone) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    server().set({.options = {{dhcp::option4::routers, {10, 1, 2, 3}}}});
    EXPECT_TRUE(comes_true([&] {
        return c.output_of({"ip", "route"}).find("default via 10.1.2.3") != std::string::npos;
    }));
    EXPECT_THAT(c.output_of({"ip", "route"}), Not(HasSubstr("default via 10.1.2.1 ")));
    EXPECT_THAT(addresses(c), ElementsAre("10.1.2.50/24"));
}

TEST_F(DhcpLease, IsReleasedFromItsAddress) {
    const TestNetns c("c1");
    add(c, network());
    del(c, network());
    const auto release = server().await(Type4::release);
    EXPECT_EQ(release.source, leased());
    EXPECT_EQ(release.message.client, leased());
    EXPECT_EQ(release.message.options.at(dhcp::option4::server_id), (dhcp::Bytes{10, 1, 2, 1}));
    EXPECT_EQ(link(c, "eth0"), nullptr);
}

TEST_F(DhcpLease, OfAnAddressThatSomebodyHasIsDeclined) {
    outside().netns().output_of({"ip", "addr", "add", "10.1.2.50/24", "dev", "eth0"});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::thread adding([&] { run = call("ADD", c, network()); });
    const auto decline = server().await(Type4::decline);
    EXPECT_EQ(decline.message.options.at(dhcp::option4::requested_address),
              (dhcp::Bytes{10, 1, 2, 50}));
    server().set({.address = {*Ip::parse("10.1.2.51"), 24}});
    adding.join();
    EXPECT_TRUE(run->ok()) << run->report();
    EXPECT_THAT(addresses(c), ElementsAre("10.1.2.51/24"));
}

TEST_F(DhcpLease, IsNotTakenWithoutASubnetMask) {
    server().set({.address = {leased(), 0}});
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, network());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), HasSubstr("DHCP option Subnet Mask not found in DHCPACK"));
    EXPECT_EQ(link(c, "eth0"), nullptr);
}

TEST_F(DhcpLease, LowersTheMtuUnlessTheConfigurationHasOne) {
    Script script;
    script.options[dhcp::option4::interface_mtu] = {0x05, 0x14};
    server().set(script);
    const TestNetns c("c1"), d("d1");
    add(c, network());
    EXPECT_EQ(link(c, "eth0")["mtu"], 1300);
    script.address.ip = *Ip::parse("10.1.2.51");
    server().set(script);
    add(d, network({{"mtu", 1400}}));
    EXPECT_EQ(link(d, "eth0")["mtu"], 1400);
}

// The next word to the server would be in half an hour.
TEST_F(DhcpLease, EndsWithItsInterfaceAndItsNamespace) {
    const auto is_known = [](const char* name) {
        PluginArgs args{.container_id = name, .netns = cat("/run/netns/", name)};
        return dhcp("CHECK", args,
                    json{{"cniVersion", "1.0.0"},
                         {"name", "net1"},
                         {"type", "dhcp"},
                         {"ipam", {{"type", "dhcp"}}}})
                   .error_message()
                   .find("there is no lease") == std::string::npos;
    };
    const TestNetns one("c1");
    std::optional<TestNetns> other("c2");
    add(one, network());
    server().set({.address = {*Ip::parse("10.1.2.51"), 24}});
    add(*other, network());
    EXPECT_TRUE(is_known("c1") && is_known("c2"));
    one.output_of({"ip", "link", "del", "eth0"});
    EXPECT_TRUE(comes_true([&] { return !is_known("c1"); }));
    EXPECT_TRUE(is_known("c2"));
    other.reset();
    EXPECT_TRUE(comes_true([&] { return !is_known("c2"); }));
}

TEST_F(DhcpLease, IsAskedForByTheSameClientWhenTheInterfaceWasMadeAnew) {
    const TestNetns c("c1");
    add(c, network());
    const auto first = server().await(Type4::request);
    c.output_of({"ip", "link", "del", "eth0"});
    const json result = add(c, network());
    const auto request = server().await(Type4::request);
    EXPECT_EQ(request.message.options.at(dhcp::option4::client_id),
              first.message.options.at(dhcp::option4::client_id));
    expect_sound(c, network(), result);
}

}  // namespace
}  // namespace cni::test
