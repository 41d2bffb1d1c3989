// The host's 127.0.0.0/8: who gets at it, and what becomes of its guard.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include "netfilter/owner.h"
#include "support/portmap_fixture.h"
#include "support/raw_packets.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Somebody on a wire to the host.
struct Sender {
    const Netns& netns;
    std::string ifname;
    Mac host;
    std::string address;       ///< its own
    std::string host_address;  ///< on that wire
};

class PortmapGuard : public EachWay {
protected:
    static constexpr int closed_port = 9999;

    using PortmapCalls::map;
    static json cable() { return layer3({{"type", "ptp"}, {"isGateway", nullptr}}); }
    static json attach_cable(const TestNetns& c) {
        const PluginRun run = run_plugin("ptp", "ADD", args(c), cable().dump());
        EXPECT_TRUE(run.ok()) << run.report();
        return run.json();
    }
    void map(const TestNetns& c, const json& result, const Mappings& mappings,
             const json& keys = json::object()) const {
        const PluginRun run = call("ADD", args(c), config(result, mappings, keys));
        ASSERT_TRUE(run.ok()) << run.report();
    }
    static Mappings all_mappings() {
        return {mapping(8080, 80), mapping(8080, 80, "udp"), mapping(8081, 80, "tcp", "127.0.0.1"),
                mapping(8081, 80, "udp", "127.0.0.1")};
    }
    /// A DEL that is told nothing but the attachment.
    void forget(const TestNetns& c) const {
        PluginArgs of = args(c);
        of.netns = "";
        const PluginRun run =
            call("DEL", of, {{"cniVersion", "0.3.1"}, {"name", "net1"}, {"type", "portmap"}});
        EXPECT_TRUE(run.ok()) << run.report();
    }
    PluginRun check(const TestNetns& c, const json& result, const Mappings& mappings) const {
        return call("CHECK", args(c), config(result, mappings));
    }
    static std::string key_of(const std::string& ifname) {
        return cat("net/ipv4/conf/", ifname, "/route_localnet");
    }

    static Sender neighbour(const Outside& outside) {
        return {outside.netns().netns(), "eth0", mac_of(Netns::current(), "uplink"),
                outside.address(), outside.host_address()};
    }
    static Sender container(const TestNetns& c, const json& result) {
        const bool bridged = result["interfaces"][0]["name"] == "cni0";
        return {c.netns(), "eth0", mac_of(Netns::current(), result["interfaces"][0]["name"]),
                address_of(result, '4'), bridged ? "10.1.2.1" : "192.0.2.1"};
    }

    /// What arrives of packets that abuse 127.0.0.0/8 on these ports, ahead of a good one.
    static std::set<std::uint32_t> abuse(const Sender& from, const Delivered& arriving,
                                         std::uint8_t protocol, const std::vector<int>& ports) {
        std::uint32_t mark = 0;
        RawPacket packet{.protocol = protocol, .source = {}, .destination = {}};
        const auto send = [&](const std::string& source, const std::string& target, int port) {
            packet.source = source;
            packet.destination = target;
            packet.source_port = ++next_port_;
            packet.port = port;
            packet.mark = ++mark;
            send_frame(from.netns, from.ifname, from.host, packet);
        };
        for (const int port : ports) {
            send(from.address, "127.0.0.1", port);
            send("127.0.0.1", from.host_address, port);
            send("127.0.0.1", "127.0.0.1", port);
            send("127.1.2.3", "127.255.255.254", port);
        }
        send(from.address, from.host_address, ports.front());
        return arriving.marks_until(mark);
    }

private:
    static inline int next_port_ = 20000;  // each packet begins a flow
};

INSTANTIATE_TEST_SUITE_P(All, PortmapGuard, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapGuard, PortsOfLocalhostAreTheHostsAlone) {
    const Outside outside;
    const Netns host = Netns::current();
    for (const bool bridged : {true, false}) {
        const TestNetns c("c1"), other("c2");
        const json result = bridged ? add(c, layer3({{"hairpinMode", true}})) : attach_cable(c);
        const json others = bridged ? add(other, layer3()) : attach_cable(other);
        map(c, result, all_mappings());
        for (const Sender& from :
             {neighbour(outside), container(other, others), container(c, result)})
            for (const std::uint8_t protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
                const Delivered to_container(c.netns(), protocol), to_host(host, protocol);
                EXPECT_THAT(abuse(from, to_container, protocol, {8080, 8081}), IsEmpty())
                    << bridged << from.address << +protocol;
                EXPECT_THAT(abuse(from, to_host, protocol, {closed_port}), IsEmpty())
                    << bridged << from.address << +protocol;
            }
        for (const int port : {8080, 8081})
            for (const auto exchange : {exchange_tcp, exchange_udp})
                EXPECT_TRUE(exchange({.server = c.netns(),
                                      .address = address_of(result, '4'),
                                      .port = 80,
                                      .client = host,
                                      .target_address = "127.0.0.1",
                                      .target_port = port})
                                .answered)
                    << bridged << port;
        forget(c);
        for (const TestNetns* gone : {&c, &other})
            EXPECT_TRUE(run_plugin(bridged ? "bridge" : "ptp", "DEL", args(*gone),
                                   (bridged ? layer3() : cable()).dump())
                            .ok());
        if (bridged) output_of({"ip", "link", "del", "cni0"});
    }
}

TEST_P(PortmapGuard, LoopbackInsideIsNobodysBusiness) {
    const Container c("c1");
    map(c, all_mappings());
    c.netns.output_of({"ip", "link", "set", "lo", "up"});
    const Netns host = Netns::current();
    for (const Netns* place : {&c.netns.netns(), &host}) {
        const ExchangeOptions within{
            .server = *place, .address = "127.0.0.1", .port = closed_port, .client = *place};
        EXPECT_TRUE(exchange_tcp(within).answered);
        EXPECT_TRUE(exchange_udp(within).answered);
    }
}

// The translation does not need route_localnet.
TEST_P(PortmapGuard, IsThereWithoutSnat) {
    const Outside outside;
    const Container c("c1");
    map(c, all_mappings(), {{"snat", false}});
    EXPECT_EQ(sysctl(key_of("cni0")), "0");
    const Delivered arriving(c.netns.netns(), IPPROTO_UDP);
    EXPECT_THAT(abuse(neighbour(outside), arriving, IPPROTO_UDP, {8080, 8081}), IsEmpty());
    EXPECT_TRUE(portmap("CHECK", c, all_mappings(), {{"snat", false}}).ok());
    unmap(c);
    EXPECT_EQ(guard(), "");
}

TEST_P(PortmapGuard, Ipv6sLoopbackIsNoNeighbours) {
    const Outside outside;
    const Container c("c1");
    map(c, {mapping(8080, 80, "udp"), mapping(8081, 80, "udp", "::1")});
    ASSERT_TRUE(ping(outside.netns().netns(), outside.host_address6()));
    const Delivered arriving(c.netns.netns(), IPPROTO_UDP, '6');
    const Mac uplink = mac_of(Netns::current(), "uplink");
    std::uint32_t mark = 0;
    const auto send = [&](const std::string& source, const std::string& destination, int port) {
        ++mark;
        send_frame(outside.netns().netns(), "eth0", uplink,
                   {IPPROTO_UDP, source, destination, 30000 + static_cast<int>(mark), port, mark});
    };
    for (const int port : {8080, 8081}) {
        send(outside.address6(), "::1", port);
        send("::1", outside.host_address6(), port);
        send("::1", "::1", port);
    }
    send(outside.address6(), outside.host_address6(), 8080);
    EXPECT_THAT(arriving.marks_until(mark), IsEmpty());
}

// As Podman's internal networks are: what the host knows of the container's addresses is its
// default route.
TEST_P(PortmapGuard, UplinkIsNotTheContainersInterface) {
    const Outside outside;
    output_of({"ip", "route", "add", "default", "via", outside.address()});
    const TestNetns c("c1");
    const json result = add(c, layer3({{"isGateway", false}}));
    map(c, result, {mapping(8080, 80)});
    EXPECT_EQ(sysctl(key_of("uplink")), "0");
    EXPECT_FALSE(is_guarded("uplink")) << guard();
    EXPECT_TRUE(check(c, result, {mapping(8080, 80)}).ok());
    forget(c);
    EXPECT_EQ(guard(), "");
}

// Two networks of one container, the interfaces of which it has made change their names.
TEST_P(PortmapGuard, NamesInsideDecideNothing) {
    const Outside outside;
    output_of({"ip", "route", "add", "default", "via", outside.address()});
    const TestNetns c("c1");
    json result = add(c, layer3({{"isGateway", false}}));
    const PluginRun second =
        run_plugin("ptp", "ADD", args(c, "net1"),
                   layer3({{"type", "ptp"},
                           {"name", "net2"},
                           {"isGateway", nullptr},
                           {"ipam", {{"type", "host-local"}, {"subnet", "10.9.0.0/24"}}}})
                       .dump());
    ASSERT_TRUE(second.ok()) << second.report();
    c.output_of({"sh", "-ec",
                 "ip link set eth0 down; ip link set net1 down; ip link set eth0 name away;"
                 "ip link set net1 name eth0; ip link set eth0 up"});
    result["interfaces"] = json::array();
    for (json& ip : result["ips"]) ip.erase("interface");
    map(c, result, {mapping(8080, 80)});
    const std::string other = second.json()["interfaces"][0]["name"];
    EXPECT_EQ(sysctl(key_of(other)), "0");
    EXPECT_EQ(sysctl(key_of("uplink")), "0");
    EXPECT_FALSE(is_guarded(other)) << guard();
    forget(c);
}

TEST_P(PortmapGuard, IsFoundWithoutPrevResult) {
    const TestNetns c("c1"), other("c2");
    const json result = attach_cable(c), others = attach_cable(other);
    const std::string cable = result["interfaces"][0]["name"];
    map(c, result, {mapping(8080, 80)});
    map(other, others, {mapping(8081, 80)});
    ASSERT_TRUE(is_guarded(cable)) << guard();
    forget(c);
    EXPECT_FALSE(is_guarded(cable)) << guard();
    EXPECT_EQ(sysctl(key_of(cable)), "0");
    EXPECT_TRUE(check(other, others, {mapping(8081, 80)}).ok());
    forget(other);
    EXPECT_EQ(guard(), "");
    EXPECT_EQ(output_of({"nft", "list", "tables"}).find("guard"), std::string::npos);
}

TEST_P(PortmapGuard, ForgetsBridgesThatAreGone) {
    const Container c("c1");
    map(c, {mapping(8080, 80)});
    ASSERT_TRUE(is_guarded("cni0")) << guard();
    unmap(c);
    EXPECT_TRUE(is_guarded("cni0")) << guard();
    EXPECT_EQ(sysctl(key_of("cni0")), "1");
    output_of({"ip", "link", "del", "cni0"});
    const TestNetns other("c2");
    const json others = add(other, layer3({{"bridge", "cni1"}}));
    map(other, others, {mapping(8081, 80)});
    EXPECT_FALSE(is_guarded("cni0")) << guard();
    EXPECT_TRUE(is_guarded("cni1")) << guard();
    // The same name, another bridge.
    output_of({"ip", "link", "del", "cni1"});
    output_of({"ip", "link", "add", "cni1", "type", "bridge"});
    forget(other);
    EXPECT_EQ(guard(), "");
}

TEST_P(PortmapGuard, MakesNoTableOfNftablesForIptables) {
    if (way() == Way::nftables) return;
    const TestNetns c("c1");
    map(c, attach_cable(c), {mapping(8080, 80)});
    EXPECT_THAT(output_of({"nft", "list", "tables"}), Not(HasSubstr("cni")));
    EXPECT_THAT(guard(), HasSubstr("-d 127.0.0.0/8"));
    forget(c);
    EXPECT_EQ(guard(), "");
}

TEST_P(PortmapGuard, CheckMissesEveryPartOfIt) {
    const Container c("c1");
    const TestNetns with_cable("c2");
    const json cable_result = attach_cable(with_cable);
    const Mappings ports{mapping(8080, 80)}, others{mapping(8081, 80)};
    const std::string cable = cable_result["interfaces"][0]["name"];
    const auto add_both = [&] {
        map(c, ports);
        map(with_cable, cable_result, others);
        EXPECT_TRUE(portmap("CHECK", c, ports).ok()) << portmap("CHECK", c, ports).report();
        EXPECT_TRUE(check(with_cable, cable_result, others).ok())
            << check(with_cable, cable_result, others).report();
    };
    const std::string tool = way() == Way::iptables_legacy ? "iptables-legacy" : "iptables-nft";
    std::vector<std::string> losses = {
        cat("echo 0 >/proc/sys/", key_of("cni0"), "; echo 0 >/proc/sys/", key_of(cable))};
    if (way() == Way::nftables)
        losses.insert(losses.end(), {"nft delete table ip cni_portmap_guard",
                                     "nft flush chain ip cni_portmap_guard prerouting",
                                     "nft flush map ip cni_portmap_guard links;"
                                     "nft flush map ip cni_portmap_guard attachments"});
    else
        losses.insert(losses.end(), {cat(tool, " -t raw -F PREROUTING"), cat(tool, " -t raw -F"),
                                     cat(tool, " -t raw -F CNI-HOSTPORT-GUARD"),
                                     cat(tool, " -t raw -D PREROUTING 1")});
    for (const std::string& loss : losses) {
        add_both();
        output_of({"sh", "-ec", loss});
        EXPECT_FALSE(portmap("CHECK", c, ports).ok()) << loss;
        EXPECT_FALSE(check(with_cable, cable_result, others).ok()) << loss;
    }
    add_both();
}

TEST_P(PortmapGuard, DelGoesOnWithoutWritingParameters) {
    const TestNetns c("c1");
    const json result = attach_cable(c);
    map(c, result, {mapping(8080, 80)});
    const auto on_proc_sys = [](const char* commands) {
        return run({.argv = {"sh", "-ec", commands}}).ok();
    };
    if (!on_proc_sys("mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys"))
        GTEST_SKIP() << "/proc/sys cannot be made read-only here";
    PluginRun del = call("DEL", args(c), config(result, {}));
    EXPECT_TRUE(del.ok()) << del.report();
    EXPECT_THAT(del.err, HasSubstr("route_localnet"));
    EXPECT_EQ(guard(), "");
    del = call("DEL", args(c), config(result, {}));
    EXPECT_TRUE(del.ok()) << del.report();
    EXPECT_EQ(del.err, "");
    EXPECT_TRUE(on_proc_sys("umount /proc/sys"));
}

// Of version 0.1.0, whose containers live on.
TEST_P(PortmapGuard, EarlierOneIsTakenAway) {
    const TestNetns c("c1"), other("c2");
    const json result = attach_cable(c);
    const std::string cable = result["interfaces"][0]["name"];
    add(other, layer3());
    // DEL does not ask the configuration which rules the host uses.
    if (way() != Way::nftables) iptables("-t nat -A POSTROUTING -j RETURN");
    output_of({"nft", "-f", "-"},
              cat("table ip cni_hostport { set guarded_interfaces { type ifname; elements = { \"",
                  cable, "\" comment \"", owner_hashes({"net1", "c1", "eth0"}),
                  "\", \"cni0\", \"gone0\" }; };"
                  "chain guard_localnet { type filter hook prerouting priority raw;"
                  "ip daddr 127.0.0.0/8 iifname @guarded_interfaces drop; }; }"));
    output_of({"sh", "-ec", cat("echo 1 >/proc/sys/", key_of(cable))});
    forget(c);
    EXPECT_EQ(sysctl(key_of(cable)), "0");
    EXPECT_EQ(output_of({"nft", "list", "tables"}).find("cni_hostport"), std::string::npos);
    EXPECT_FALSE(is_guarded(cable)) << guard();
    EXPECT_TRUE(is_guarded("cni0")) << guard();
    output_of({"ip", "link", "del", "cni0"});
    forget(other);
    EXPECT_EQ(guard(), "");
}

}  // namespace
}  // namespace cni::test
