// Servers that nobody has asked for: what a neighbour can do who poses as one.
#include "fixture.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Script = FakeServer::Script;

class DhcpNeighbour : public ScriptedDhcpTest {
protected:
    static Script short_lease() { return {.lease = 8, .rebind = 7}; }
    static Script with_mtu(std::uint16_t mtu) {
        Script script;
        dhcp::put_u16(script.options[dhcp::option4::interface_mtu], mtu);
        return script;
    }
    /// Of the container's own, by 10.1.2.9: 172.16.0.0/32 and so on.
    static void add_routes(const TestNetns& c, int count) {
        std::string lines;
        for (int i = 0; i < count; ++i)
            lines += cat("route add 172.16.", i / 256, ".", i % 256, " via 10.1.2.9 dev eth0\n");
        c.run([&] { return output_of({"ip", "-batch", "-"}, lines); });
    }
    static std::size_t own_routes(const TestNetns& c) {
        const std::string all = c.output_of({"ip", "route", "show", "via", "10.1.2.9"});
        return static_cast<std::size_t>(std::ranges::count(all, '\n'));
    }
    /// Has the lease renewed with another address.
    void move(const TestNetns& c, Script script = short_lease(), const char* to = "10.1.2.61") {
        script.address.ip = *Ip::parse(to);
        server().set(script);
        EXPECT_TRUE(
            comes_true([&] { return addresses(c) == std::vector<std::string>{cat(to, "/24")}; }));
    }
    /// What the daemon has said of routes, when it has ended.
    std::size_t complaints() {
        const std::string log = stop(std::move(daemon())).err;
        std::size_t count = 0;
        for (const auto line : split(log, '\n'))
            count += line.find("routes of somebody else") != line.npos;
        return count;
    }
};

TEST_F(DhcpNeighbour, IsNoServerFromAnotherPort) {
    server().set({.has_other_port = true});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::jthread adding([&] { run = call("ADD", c, network()); });
    server().await(Type4::discover);
    server().await(Type4::discover);
    EXPECT_EQ(server().count(Type4::request), 0u);
    server().set({});
    adding.join();
    EXPECT_TRUE(run->ok()) << run->report();
}

TEST_F(DhcpNeighbour, CannotHaveManyRoutesSet) {
    Script script;
    auto& option = script.options[dhcp::option4::classless_routes];
    for (std::uint8_t i = 0; i < 100; ++i)
        for (const int byte : {24, 172, 20, int{i}, 10, 1, 2, 1})
            option.push_back(static_cast<std::uint8_t>(byte));
    server().set(script);
    const TestNetns c("c1");
    EXPECT_EQ(add(c, network())["routes"].size(), 64u);
}

TEST_F(DhcpNeighbour, CannotMakeTheMtuSoSmallThatIpv6Goes) {
    const TestNetns c("c1"), d("d1"), e("e1");
    server().set(with_mtu(1279));
    add(c, network());
    EXPECT_EQ(link(c, "eth0")["mtu"], 1500);
    d.run([] {
        return output_of({"sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                          "net.ipv6.conf.default.disable_ipv6=1"});
    });
    Script script = with_mtu(1279);
    script.address.ip = *Ip::parse("10.1.2.51");
    server().set(script);
    add(d, network());
    EXPECT_EQ(link(d, "eth0")["mtu"], 1279);
    script = with_mtu(575);
    script.address.ip = *Ip::parse("10.1.2.52");
    server().set(script);
    add(e, network());
    EXPECT_EQ(link(e, "eth0")["mtu"], 1500);
}

TEST_F(DhcpNeighbour, DoesNotCostTheContainerItsRoutes) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    add_routes(c, 500);
    move(c);
    EXPECT_TRUE(comes_true([&] { return own_routes(c) == 500; }));
    EXPECT_EQ(complaints(), 0u);
}

// Who has so many is not served at the cost of everybody else.
TEST_F(DhcpNeighbour, DoesNotHaveTheDaemonCarryRoutesWithoutEnd) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    add_routes(c, 1500);
    move(c);
    del(c, network());
    EXPECT_EQ(complaints(), 1u);
}

TEST_F(DhcpNeighbour, RoutesThatCannotBePutBackAreSaidOnce) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    add_routes(c, 100);
    Script script = short_lease();
    script.options = {{dhcp::option4::routers, {10, 7, 7, 1}}};
    move(c, script, "10.7.7.7");
    del(c, network());
    EXPECT_EQ(complaints(), 1u);
}

// An address of somebody else keeps them.
TEST_F(DhcpNeighbour, RoutesThatDoNotGoWithTheAddressStay) {
    server().set(short_lease());
    const TestNetns c("c1");
    add(c, network());
    c.output_of({"ip", "addr", "add", "10.5.5.5/24", "dev", "eth0"});
    c.output_of({"ip", "route", "add", "172.17.0.1", "via", "10.5.5.1", "dev", "eth0"});
    add_routes(c, 3);
    server().set({.address = {*Ip::parse("10.1.2.61"), 24}});
    EXPECT_TRUE(comes_true([&] {
        return c.output_of({"ip", "addr"}).find("10.1.2.61") != std::string::npos;
    }));
    EXPECT_TRUE(comes_true([&] { return own_routes(c) == 3; }));
    EXPECT_THAT(c.output_of({"ip", "route"}), HasSubstr("172.17.0.1 via 10.5.5.1"));
}

}  // namespace
}  // namespace cni::test
