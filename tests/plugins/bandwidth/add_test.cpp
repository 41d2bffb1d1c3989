#include <sys/syscall.h>

#include "fixture.h"
#include "support/refusal.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Bandwidth = BandwidthTest;

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t times = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++times;
    return times;
}

TEST_F(Bandwidth, LimitsBothDirectionsOnTheHostsEnd) {
    const json config = both();
    const json result = limit(config);
    EXPECT_THAT(qdiscs(end()), HasSubstr("qdisc tbf 1: root"));
    EXPECT_THAT(qdiscs(end()), HasSubstr("rate 8Mbit burst 100000b/1 mpu 0b lat 25ms"));
    EXPECT_THAT(qdiscs(end()), HasSubstr("qdisc ingress ffff:"));
    EXPECT_THAT(qdiscs(ifb()), HasSubstr("rate 16Mbit burst 200000b/1"));
    EXPECT_EQ(link(ifb())["mtu"], link(end())["mtu"]);
    EXPECT_EQ(link(ifb())["ifalias"], "cnixx:net1/c1/eth0");
    json expected = result_;
    expected["interfaces"].push_back({{"name", ifb()}, {"mac", link(ifb())["address"]}});
    EXPECT_EQ(result, expected);
    expect_traffic();
    expect_ok("CHECK", recorded(config, result));
    expect_ok("DEL", recorded(config, result));
    EXPECT_EQ(state(), before_);
    expect_traffic();
}

TEST_F(Bandwidth, RedirectsByOneAction) {
    limit(config(sending(8'000'000, 800'000)));
    EXPECT_EQ(count(filters(end()), "mirred"), 1U) << filters(end());
    EXPECT_THAT(filters(end()), HasSubstr(cat("(Egress Redirect to device ", ifb(), ") stolen")));
    EXPECT_THAT(filters(end()), HasSubstr("protocol all pref 1 u32"));
    EXPECT_THAT(qdiscs(end()), Not(HasSubstr("tbf")));
}

TEST_F(Bandwidth, OneDirectionAlone) {
    EXPECT_EQ(limit(config(receiving(8'000'000, 800'000))), result_);
    EXPECT_FALSE(exists(ifb()));
    EXPECT_THAT(qdiscs(end()), Not(HasSubstr("ingress")));
}

// Not a socket is opened for it.
TEST_F(Bandwidth, NothingIsDoneWhenNothingIsLimited) {
    for (const json& keys : std::vector<json>{
             json::object(),
             {{"ingressRate", 0}, {"ingressBurst", 0}},
             {{"runtimeConfig", {{"bandwidth", {{"egressRate", 0}, {"egressBurst", 0}}}}}}})
        for (const char* command : {"ADD", "CHECK", "STATUS"}) {
            json config = this->config(keys);
            config["cniVersion"] = "1.1.0";
            Program program =
                plugin_program("bandwidth", command, args(*container_), config.dump());
            program.prepare = refusing(SYS_socket, EPERM);
            const Finished finished = run(program);
            EXPECT_TRUE(finished.ok()) << command << finished.out << finished.err;
            if (command == std::string_view("ADD")) {
                EXPECT_EQ(json::parse(finished.out)["ips"], result_["ips"]);
            }
        }
    EXPECT_EQ(state(), before_);
}

TEST_F(Bandwidth, EachDirectionIsLimitedByWhoSaysSomethingOfIt) {
    const json runtime = {{"IngressRate", 1'000'000},
                          {"IngressBurst", 100'000},
                          {"EgressRate", 2'000'000},
                          {"EgressBurst", 200'000}};
    // As containerd writes the keys; the capability's name is also found in this spelling.
    for (const char* name : {"bandwidth", "bandWidth"}) {
        limit(config({{"ingressRate", 0}, {"runtimeConfig", {{name, runtime}}}}));
        EXPECT_THAT(qdiscs(end()), HasSubstr("rate 1Mbit"));
        EXPECT_THAT(qdiscs(ifb()), HasSubstr("rate 2Mbit"));
    }
    json keys = receiving(4'000'000, 400'000);
    keys["runtimeConfig"]["bandwidth"] = runtime;
    limit(config(keys));
    EXPECT_THAT(qdiscs(end()), HasSubstr("rate 4Mbit"));
    EXPECT_THAT(qdiscs(ifb()), HasSubstr("rate 2Mbit"));
}

TEST_F(Bandwidth, AnotherAddReplacesWhatIsThere) {
    limit(both());
    json keys = receiving(1'000'000, 100'000);
    keys.update(sending(2'000'000, 200'000));
    const json again = config(keys);
    const json result = limit(again);
    EXPECT_THAT(qdiscs(end()), HasSubstr("rate 1Mbit"));
    EXPECT_THAT(qdiscs(ifb()), HasSubstr("rate 2Mbit"));
    EXPECT_EQ(count(filters(end()), "mirred"), 1U);
    expect_ok("CHECK", recorded(again, result));
    expect_traffic();
    EXPECT_EQ(limit(config(receiving(1'000'000, 100'000))), result_);
    EXPECT_FALSE(exists(ifb()));
    EXPECT_EQ(filters(end()), "");
    expect_ok("DEL", again);
    EXPECT_EQ(state(), before_);
}

// Two interfaces of one container, in one network.
TEST_F(Bandwidth, EachInterfaceHasItsOwn) {
    const json other = BridgeCalls::add(*container_, layer3(), "eth1");
    const auto of_other = [&](json config) { return recorded(std::move(config), other); };
    limit(both());
    const PluginRun run = call("ADD", args(*container_, "eth1"), of_other(both()));
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_NE(ifb("c1", "eth1"), ifb());
    EXPECT_TRUE(call("DEL", args(*container_, "eth1"), of_other(both())).ok());
    EXPECT_FALSE(exists(ifb("c1", "eth1")));
    EXPECT_THAT(filters(end()), HasSubstr(cat("to device ", ifb(), ")")));
    expect_ok("CHECK", both());
    expect_traffic();
}

TEST_F(Bandwidth, FiltersOfOthersStay) {
    for (const char* kind : {"ingress", "clsact"}) {
        shell(cat("tc qdisc add dev ", end(), " ", kind));
        shell(cat("tc filter add dev ", end(),
                  " ingress protocol ip prio 7 u32 match ip dst "
                  "192.0.2.9/32 action drop 2>/dev/null || tc filter add dev ",
                  end(), " ingress protocol ip prio 7 u32 match ip dst 192.0.2.9/32 classid 1:2"));
        const std::string here = state();
        const json result = limit(both());
        expect_ok("CHECK", recorded(both(), result));
        expect_traffic();
        expect_ok("DEL", both());
        EXPECT_EQ(state(), here);
        shell(cat("tc qdisc delete dev ", end(), " ", kind));
    }
}

TEST_F(Bandwidth, AnotherQdiscIsNobodysToReplace) {
    shell(cat("tc qdisc add dev ", end(), " root handle 5: pfifo limit 50"));
    const std::string here = state();
    expect_error("ADD", both(), 999, cat("limit what leaves ", end(), ": File exists"));
    EXPECT_EQ(state(), here);
    expect_ok("DEL", both());
    EXPECT_EQ(state(), here);
}

// Everything is taken back when the last step fails.
TEST_F(Bandwidth, AFailedAddLeavesNothing) {
    shell(cat("ip link add ", ifb(), " type ifb"));
    const std::string here = state();
    expect_error("ADD", both(), 999, cat("failed to create ifb ", ifb(), ": File exists"));
    EXPECT_EQ(state(), here);
    expect_ok("DEL", both());
    EXPECT_EQ(state(), here) << "somebody else's";
}

TEST_F(Bandwidth, FindsThePairOfOtherPluginsFromInside) {
    const TestNetns other("c2");
    shell("ip link add cable type veth peer name eth0 netns c2; ip link set cable up");
    json network = both();
    network["prevResult"] = {{"cniVersion", "1.0.0"}, {"interfaces", json::array()}};
    const PluginRun run = call("ADD", args(other), network);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(qdiscs("cable"), HasSubstr("tbf"));
    EXPECT_TRUE(call("CHECK", args(other), recorded(network, run.json())).ok());
    // As the others told of it.
    network["prevResult"]["interfaces"] = {{{"name", "cable"}, {"mac", link("cable")["address"]}}};
    EXPECT_TRUE(call("DEL", args(other), network).ok());
    EXPECT_EQ(qdiscs("cable").find("tbf"), std::string::npos);
}

TEST_F(Bandwidth, AnInterfaceThatIsNoPairIsRefused) {
    const TestNetns other("c2");
    other.output_of({"ip", "link", "add", "eth0", "type", "bridge"});
    json network = both();
    network["prevResult"] = {{"cniVersion", "1.0.0"}, {"interfaces", json::array()}};
    const PluginRun run = call("ADD", args(other), network);
    EXPECT_EQ(run.error_code(), 7) << run.report();
    EXPECT_EQ(run.error_message(), "container interface eth0 has no veth peer on the host");
}

TEST_F(Bandwidth, HugeBurstsAreThoseOfRuntimesThatWereToldNone) {
    for (const std::uint64_t burst : {2147483647ULL, 4294967295ULL, 34359738359ULL}) {
        json keys = receiving(50'000'000, burst);
        keys.update(sending(50'000'000, burst));
        const json config = this->config(keys);
        const json result = limit(config);
        EXPECT_THAT(qdiscs(end()), HasSubstr("rate 50Mbit burst 625000b/1")) << burst;
        expect_ok("CHECK", recorded(config, result));
    }
    // Less is what somebody wants.
    const json config = this->config(receiving(50'000'000, 2147483646));
    limit(config);
    EXPECT_THAT(qdiscs(end()), HasSubstr("burst 256Mb/1"));
    expect_ok("CHECK", config);
}

TEST_F(Bandwidth, FramesOfFullSizePassWhateverTheBurst) {
    json keys = receiving(8'000'000, 8);
    keys.update(sending(8'000'000, 8));
    const json config = this->config(keys);
    limit(config);
    expect_ok("CHECK", config);
    container_->output_of({"ping", "-c1", "-W3", "-s1400", "10.1.2.1"});
}

TEST_F(Bandwidth, RatesAbove32Bits) {
    const json config = this->config(receiving(100'000'000'000, 1'000'000'000));
    limit(config);
    EXPECT_THAT(qdiscs(end()), HasSubstr("rate 100Gbit"));
    expect_ok("CHECK", config);
}

TEST_F(Bandwidth, StatusAndGcAreForNoContainer) {
    const PluginArgs nobody{.container_id = {}, .netns = {}, .ifname = {}};
    json network = both();
    network["cniVersion"] = "1.1.0";
    network.erase("prevResult");
    const PluginRun run = call("STATUS", nobody, network);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(state(), before_);
}

}  // namespace
}  // namespace cni::test
