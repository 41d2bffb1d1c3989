// Which of several mappings a packet goes to, and what stays the host's.
#include <gmock/gmock.h>

#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

class PortmapOrder : public EachWay {
protected:
    void SetUp() override {
        EachWay::SetUp();
        if (IsSkipped()) return;
        host_ = Netns::current();
        outside_.emplace();
        for (const char* address : {"192.0.2.101/24", "192.0.2.102/24"})
            output_of({"ip", "address", "add", address, "dev", "uplink"});
    }
    const Netns& host() const { return *host_; }
    const Netns& world() const { return outside_->netns().netns(); }

    bool reaches(const std::string& address, int port, const Container& c,
                 int container_port) const {
        const char family = address.find(':') == address.npos ? '4' : '6';
        return exchange_tcp({.server = c.netns.netns(),
                             .address = c.address(family),
                             .port = container_port,
                             .client = world(),
                             .target_address = address,
                             .target_port = port})
            .answered;
    }
    /// Of the host itself.
    Exchange ask_host(const std::string& listening, const std::string& target, int port,
                      Exchange (*exchange)(const ExchangeOptions&) = exchange_tcp) const {
        return exchange({.server = host(),
                         .address = listening,
                         .port = port,
                         .client = host(),
                         .target_address = target,
                         .target_port = port});
    }
    std::string other_backend() const { return way() == Way::nftables ? "iptables" : "nftables"; }

private:
    std::optional<Netns> host_;
    std::optional<Outside> outside_;
};

INSTANTIATE_TEST_SUITE_P(All, PortmapOrder, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapOrder, OneAddressGoesBeforeAnyAcrossContainers) {
    const Container c1("c1"), c2("c2"), c3("c3");
    const Mappings of_c1{mapping(80, 80), mapping(443, 443, "tcp", "192.0.2.102")};
    const Mappings of_c2{mapping(80, 80, "tcp", "192.0.2.101"), mapping(443, 443)};
    map(c1, of_c1);
    map(c2, of_c2);
    const auto expect_crosswise = [&](const char* when) {
        EXPECT_TRUE(reaches("192.0.2.101", 80, c2, 80)) << when;
        EXPECT_TRUE(reaches("192.0.2.102", 80, c1, 80)) << when;
        EXPECT_TRUE(reaches("192.0.2.101", 443, c2, 443)) << when;
        EXPECT_TRUE(reaches("192.0.2.102", 443, c1, 443)) << when;
    };
    expect_crosswise("first");
    // Whoever comes last.
    map(c1, of_c1);
    expect_crosswise("first one again");
    map(c2, of_c2);
    expect_crosswise("second one again");
    EXPECT_TRUE(portmap("CHECK", c1, of_c1).ok());
    EXPECT_TRUE(portmap("CHECK", c2, of_c2).ok());
    map(c3, {mapping(80, 80, "tcp", "192.0.2.101")});
    EXPECT_TRUE(reaches("192.0.2.101", 80, c3, 80));
    EXPECT_TRUE(reaches("192.0.2.102", 80, c1, 80));
    for (const Container* c : {&c1, &c2, &c3}) unmap(*c);
    EXPECT_EQ(count("192.0.2.10"), 0u) << rules();
}

TEST_P(PortmapOrder, OneAddressGoesBeforeAnyOfTheSameContainer) {
    const Container c("c1");
    map(c, {mapping(80, 80), mapping(80, 443, "tcp", "192.0.2.101")});
    EXPECT_TRUE(reaches("192.0.2.102", 80, c, 80));
    EXPECT_TRUE(reaches("192.0.2.101", 80, c, 443));
}

TEST_P(PortmapOrder, OneAddressGoesBeforeAnyThatHasConditions) {
    const bool nft = way() == Way::nftables;
    const json holds = {
        {"conditionsV4", nft ? json{"ip", "saddr", "192.0.2.0/24"} : json{"-s", "192.0.2.0/24"}}};
    const Container wide("c1"), narrow("c2");
    map(narrow, {mapping(80, 80, "tcp", "192.0.2.101")});
    map(wide, {mapping(80, 80)}, holds);
    EXPECT_TRUE(reaches("192.0.2.101", 80, narrow, 80));
    EXPECT_TRUE(reaches("192.0.2.102", 80, wide, 80));
    // And with conditions for the destination, which is a narrower one then.
    const json to_one = {{"conditionsV4", nft ? json{"ip", "daddr", "!=", "192.0.2.1"}
                                              : json{"!", "-d", "192.0.2.1"}}};
    const Container other("c3");
    map(other, {mapping(80, 80, "tcp", "192.0.2.102")}, to_one);
    EXPECT_TRUE(reaches("192.0.2.102", 80, other, 80));
    EXPECT_TRUE(reaches("192.0.2.1", 80, wide, 80));
}

// UDP flows of a mapping for just the address are none of the one for any.
TEST_P(PortmapOrder, FlowsOfTheNarrowMappingGoOn) {
    const Container narrow("c1"), wide("c2");
    map(narrow, {mapping(80, 80, "udp", "192.0.2.101")});
    EXPECT_TRUE(exchange_udp({.server = narrow.netns.netns(),
                              .address = narrow.address(),
                              .port = 80,
                              .client = world(),
                              .target_address = "192.0.2.101",
                              .target_port = 80})
                    .answered);
    const auto flows = [] {
        return run({.argv = {"conntrack", "-L", "-p", "udp", "--orig-port-dst", "80"}}).out;
    };
    ASSERT_NE(flows(), "");
    map(wide, {mapping(80, 80, "udp")});
    EXPECT_NE(flows(), "");
}

TEST_P(PortmapOrder, LocalhostOfIpv6StaysTheHosts) {
    const Container c("c1");
    for (const char* host_ip : {"", "::", "::1"}) {
        map(c, {mapping(8080, 80, "tcp", host_ip), mapping(8080, 80, "udp", host_ip)});
        EXPECT_TRUE(ask_host("::1", "::1", 8080).answered) << host_ip;
        EXPECT_TRUE(ask_host("::1", "::1", 8080, exchange_udp).answered) << host_ip;
        // Nobody listens there.
        const Exchange refused = exchange_tcp({.server = c.netns.netns(),
                                               .address = c.address('6'),
                                               .port = 80,
                                               .client = host(),
                                               .target_address = "::1",
                                               .target_port = 8080});
        EXPECT_NE(refused.failure.find("Connection refused"), std::string::npos)
            << host_ip << refused.failure;
    }
    map(c, {mapping(8080, 80)});
    EXPECT_TRUE(reaches("2001:db8::1", 8080, c, 80));
    EXPECT_TRUE(connect(host(), "127.0.0.1", 8080, c).answered);
    EXPECT_TRUE(portmap("CHECK", c, {mapping(8080, 80)}).ok());
}

TEST_P(PortmapOrder, TheNewestGetsThePortFromAnotherBackend) {
    const Container first("c1"), second("c2");
    map(first, {mapping(8080, 80), mapping(8081, 80)});
    map(second, {mapping(8080, 80)}, {{"backend", other_backend()}});
    for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
        EXPECT_TRUE(reaches(address, 8080, second, 80)) << address;
        EXPECT_TRUE(reaches(address, 8081, first, 80)) << address;
    }
    map(first, {mapping(8080, 80)});
    for (const char* address : {"192.0.2.1", "2001:db8::1"})
        EXPECT_TRUE(reaches(address, 8080, first, 80)) << address;
    unmap(second);
    EXPECT_TRUE(portmap("CHECK", first, {mapping(8080, 80)}).ok());
}

// Something has begun to use the other iptables meanwhile.
TEST_F(PortmapTest, TheNewestGetsThePortFromTheOtherIptables) {
    const Outside outside;
    const Container first("c1"), second("c2");
    const json any = {{"backend", nullptr}};
    for (const char* program : {"iptables-legacy", "ip6tables-legacy"})
        output_of({program, "-t", "nat", "-S"});
    use(Way::iptables_nft);
    output_of({"iptables-nft", "-A", "INPUT", "-s", "203.0.113.78", "-j", "DROP"});
    map(first, {mapping(8080, 80)}, any);
    ASSERT_GT(count("8080"), 0u) << rules();
    output_of({"iptables-legacy", "-N", "MINE"});
    map(second, {mapping(8080, 80)}, any);
    EXPECT_EQ(count("8080 -j DNAT"), 0u) << rules();
    use(Way::iptables_legacy);
    EXPECT_GT(count("8080 -j DNAT"), 0u) << rules();
    EXPECT_TRUE(connect(outside.netns().netns(), "192.0.2.1", 8080, second).answered);
    EXPECT_TRUE(portmap("CHECK", second, {mapping(8080, 80)}, any).ok());
}

}  // namespace
}  // namespace cni::test
