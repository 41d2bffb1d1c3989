// One container in two networks, to both of which the runtime gives the same mappings.
#include <gmock/gmock.h>

#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

/// The second network gives its containers a default route, or none.
enum class Second { closed, open };

class PortmapNetworks : public PortmapTest,
                        public ::testing::WithParamInterface<std::tuple<Way, Second>> {
protected:
    void SetUp() override {
        PortmapTest::SetUp();
        if (IsSkipped()) return;
        use(std::get<Way>(GetParam()));
        outside_.emplace();
        container_.emplace("c1");
        container_->output_of({"sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0",
                               "net.ipv4.conf.default.rp_filter=0"});
    }
    bool leads_out() const { return std::get<Second>(GetParam()) == Second::open; }
    static void filter_reverse_paths(bool on) {
        for (const char* where : {"all", "default", "uplink"})
            output_of({"sysctl", "-qw", cat("net.ipv4.conf.", where, ".rp_filter=", int{on})});
    }

    json second_network() const {
        json out = layer3({{"name", "net2"}, {"bridge", "cni1"}, {"hairpinMode", true}});
        out["ipam"]["ranges"] = {{{{"subnet", "10.1.3.0/24"}}}, {{{"subnet", "fd00:1:3::/64"}}}};
        if (!leads_out()) out["ipam"]["routes"] = json::array();
        return out;
    }
    static json first_network() { return layer3({{"hairpinMode", true}}); }

    static Mappings both() { return {mapping(8080, 80), mapping(8080, 80, "udp")}; }
    PluginRun portmap(const std::string& command, const std::string& network, const json& result,
                      const Mappings& mappings = both()) const {
        return call(command, args(*container_, network == "net1" ? "eth0" : "eth1"),
                    config(result, mappings, {{"name", network}}));
    }
    json join(const std::string& network, const Mappings& mappings = both()) const {
        const bool first = network == "net1";
        const json result =
            add(*container_, first ? first_network() : second_network(), first ? "eth0" : "eth1");
        const PluginRun run = portmap("ADD", network, result, mappings);
        EXPECT_TRUE(run.ok()) << run.report();
        return result;
    }
    void leave(const std::string& network, const json& result) const {
        const bool first = network == "net1";
        const PluginRun run = portmap("DEL", network, result, {});
        EXPECT_TRUE(run.ok()) << run.report();
        del(*container_, first ? first_network() : second_network(), first ? "eth0" : "eth1");
    }

    using Exchanger = Exchange (*)(const ExchangeOptions&);
    /// Whichever of its addresses the container is reached at.
    bool answers(Exchanger exchange, const Netns& from, const std::string& target) const {
        const Exchange seen =
            exchange({.server = container_->netns(),
                      .address = target.find(':') == target.npos ? "0.0.0.0" : "::",
                      .port = 80,
                      .client = from,
                      .target_address = target,
                      .target_port = 8080});
        return seen.answered;
    }
    void expect_reached_from_everywhere(const std::string& when) const {
        for (const Exchanger exchange : {exchange_tcp, exchange_udp}) {
            const char* protocol = exchange == exchange_tcp ? "tcp " : "udp ";
            EXPECT_TRUE(answers(exchange, world(), "192.0.2.1")) << protocol << when;
            // Datagrams are answered by whichever address the container prefers.
            if (exchange == exchange_tcp) {
                EXPECT_TRUE(answers(exchange, world(), "2001:db8::1")) << protocol << when;
            }
            EXPECT_TRUE(answers(exchange, host(), "127.0.0.1")) << protocol << when;
        }
    }
    const Netns& world() const { return outside_->netns().netns(); }
    const TestNetns& container() const { return *container_; }
    static Netns host() { return Netns::current(); }

private:
    std::optional<Outside> outside_;
    std::optional<TestNetns> container_;
};

INSTANTIATE_TEST_SUITE_P(All, PortmapNetworks,
                         ::testing::Combine(::testing::ValuesIn(all_ways),
                                            ::testing::Values(Second::closed, Second::open)),
                         [](const auto& param) {
                             return to_string(std::get<Way>(param.param)) +
                                    (std::get<Second>(param.param) == Second::open ? "_open"
                                                                                   : "_closed");
                         });

TEST_P(PortmapNetworks, AnswerWhicheverTheyAre) {
    for (const bool filtered : {false, true}) {
        // Of two default routes alike the kernel takes the one whose gateway it has heard of last.
        if (filtered && leads_out()) continue;
        filter_reverse_paths(filtered);
        const std::string with = filtered ? " with rp_filter" : "";
        const json first = join("net1");
        expect_reached_from_everywhere("one network" + with);
        const json second = join("net2");
        expect_reached_from_everywhere("two networks" + with);
        for (const auto& [network, result] :
             {std::pair("net1", first), std::pair("net2", second)}) {
            const PluginRun run = portmap("CHECK", network, result);
            EXPECT_TRUE(run.ok()) << network << with << run.report();
        }
        leave("net2", second);
        expect_reached_from_everywhere("second left" + with);
        EXPECT_TRUE(portmap("CHECK", "net1", first).ok());
        leave("net1", first);
        EXPECT_EQ(count("8080"), 0u) << rules();
    }
}

TEST_P(PortmapNetworks, AnswerWhenTheFirstWasLeft) {
    filter_reverse_paths(true);
    const json first = join("net1"), second = join("net2");
    leave("net1", first);
    // Without a route to the world only what is masqueraded can be answered.
    if (leads_out()) expect_reached_from_everywhere("first left");
    EXPECT_TRUE(answers(exchange_tcp, host(), "127.0.0.1"));
    EXPECT_TRUE(portmap("CHECK", "net2", second).ok());
    const json again = join("net1");
    if (!leads_out()) expect_reached_from_everywhere("first joined again");
    leave("net2", second);
    leave("net1", again);
    EXPECT_EQ(count("8080"), 0u) << rules();
}

TEST_P(PortmapNetworks, LoseAPortToAnotherContainerForGood) {
    const json first = join("net1"), second = join("net2");
    const Container other("c2");
    map(other, both());
    EXPECT_TRUE(connect(world(), "192.0.2.1", 8080, other).answered);
    leave("net1", first);
    EXPECT_TRUE(connect(world(), "192.0.2.1", 8080, other).answered);
    unmap(other);
    EXPECT_FALSE(answers(exchange_tcp, host(), "127.0.0.1"));
    leave("net2", second);
    EXPECT_EQ(count("8080"), 0u) << rules();
}

// In their own order each, and none is left over.
TEST_P(PortmapNetworks, MayBeMany) {
    const auto call_of = [&](const std::string& command, int n) {
        const json result = some_result(cat("10.88.", n, ".2/24"), cat("fd00:88:", n, "::2/64"));
        const PluginRun run = call(command, args(container(), cat("eth", n)),
                                   config(result, both(), {{"name", cat("net", n)}}));
        EXPECT_TRUE(run.ok()) << command << " " << n << run.report();
    };
    for (int n = 1; n <= 4; ++n) call_of("ADD", n);
    call_of("ADD", 2);
    for (int n = 1; n <= 4; ++n) call_of("CHECK", n);
    call_of("DEL", 3);
    for (const int n : {1, 2, 4}) call_of("CHECK", n);
    for (const int n : {1, 4}) call_of("DEL", n);
    call_of("CHECK", 2);
    call_of("DEL", 2);
    EXPECT_EQ(count("8080"), 0u) << rules();
    EXPECT_EQ(count("10.88."), 0u) << rules();
}

}  // namespace
}  // namespace cni::test
