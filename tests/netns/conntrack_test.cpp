#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <fstream>

#include "netfilter/conntrack.h"
#include "netlink/route.h"
#include "plugins/portmap/flows.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

Ip ip(const char* text) {
    return Ip::parse(text).value();
}

// Entries of the shape that UDP packets leave: to `destination`:`port`, answered by `from`.
void enter(const std::string& destination, const std::string& port, const std::string& from,
           const std::string& answering_port) {
    static int source_port = 20000;
    const std::string source = from.find(':') == from.npos ? "192.0.2.2" : "2001:db8::2";
    const std::string client = cat(++source_port);
    output_of({"conntrack",
               "-I",
               "-p",
               "udp",
               "-t",
               "600",
               "-s",
               source,
               "-d",
               destination,
               "--sport",
               client,
               "--dport",
               port,
               "-r",
               from,
               "-q",
               source,
               "--reply-port-src",
               answering_port,
               "--reply-port-dst",
               client});
}

std::size_t remove(Family family, std::uint8_t protocol, const std::set<std::uint16_t>& ports,
                   const std::function<bool(const Flow&)>& stale) {
    nft::Connection nft;
    return Conntrack(nft).remove(family, protocol, ports, stale);
}

/// "udp 192.0.2.1:53 10.88.0.2:5353" and so on.
std::vector<std::string> flows(Family family) {
    std::vector<std::string> out;
    for (const std::uint8_t protocol : {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP})
        remove(family, protocol, {53, 54, 55}, [&](const Flow& f) {
            out.push_back(cat(f.protocol, " ", f.destination.to_string(), ":", f.port, " ",
                              f.answers_from.to_string(), ":", f.answering_port));
            return false;
        });
    std::ranges::sort(out);
    return out;
}

using Lines = std::vector<std::string>;

class ConntrackTest : public SandboxTest {};

TEST_F(ConntrackTest, OnlyFlowsOfThatPortAndProtocolAreShown) {
    enter("192.0.2.1", "53", "10.88.0.2", "5353");
    enter("192.0.2.1", "54", "10.88.0.2", "5353");
    enter("2001:db8::1", "53", "fd00:88::2", "5353");
    std::size_t shown = 0;
    const auto keep = [&](const Flow& flow) {
        ++shown;
        EXPECT_EQ(flow.protocol, IPPROTO_UDP);
        EXPECT_EQ(flow.destination, ip("192.0.2.1"));
        EXPECT_EQ(flow.port, 53);
        EXPECT_EQ(flow.answers_from, ip("10.88.0.2"));
        EXPECT_EQ(flow.answering_port, 5353);
        return false;
    };
    EXPECT_EQ(remove(Family::v4, IPPROTO_UDP, {53}, keep), 0u);
    EXPECT_EQ(shown, 1u);
    EXPECT_EQ(remove(Family::v4, IPPROTO_TCP, {53}, keep), 0u);
    EXPECT_EQ(shown, 1u);
}

TEST_F(ConntrackTest, OnlyWhatIsStaleIsDeleted) {
    enter("192.0.2.1", "53", "10.88.0.2", "5353");
    enter("192.0.2.1", "53", "10.88.0.3", "5353");
    enter("2001:db8::1", "53", "fd00:88::2", "5353");
    EXPECT_EQ(remove(Family::v4, IPPROTO_UDP, {53},
                     [](const Flow& f) { return f.answers_from == ip("10.88.0.2"); }),
              1u);
    EXPECT_EQ(flows(Family::v4), Lines{"17 192.0.2.1:53 10.88.0.3:5353"});
    EXPECT_EQ(remove(Family::v6, IPPROTO_UDP, {53}, [](const Flow&) { return true; }), 1u);
    EXPECT_EQ(flows(Family::v6), Lines{});
}

TEST_F(ConntrackTest, ManyFlowsAreDeleted) {
    for (int i = 0; i < 100; ++i) enter("192.0.2.1", "53", "10.88.0.2", "5353");
    EXPECT_EQ(remove(Family::v4, IPPROTO_UDP, {52, 53}, [](const Flow&) { return true; }), 100u);
    EXPECT_EQ(flows(Family::v4), Lines{});
}

// As many as there is room for may lead to one port.
TEST_F(ConntrackTest, LittleIsRememberedOfEachFlow) {
    constexpr int count = 5000;
    std::string flows;
    for (int i = 0; i < count; ++i)
        flows += cat("-I -p udp -t 600 -s 192.0.2.2 -d 192.0.2.1 --sport ", 20'000 + i,
                     " --dport 53 -r 10.88.0.2 -q 192.0.2.2 --reply-port-src 5353"
                     " --reply-port-dst ",
                     20'000 + i, "\n");
    std::ofstream("/run/flows") << flows;
    output_of({"conntrack", "-R", "/run/flows"});
    const std::size_t before = ::mallinfo2().uordblks;
    std::size_t with_all = 0;
    const auto measure = [&](const Flow&) {
        if (with_all == 0) with_all = ::mallinfo2().uordblks;
        return true;
    };
    EXPECT_EQ(remove(Family::v4, IPPROTO_UDP, {53}, measure), std::size_t{count});
    EXPECT_LT(with_all, before + count * 400) << "bytes";
}

class PortmapFlows : public ConntrackTest {
protected:
    void SetUp() override {
        ConntrackTest::SetUp();
        if (!IsSkipped()) outside_.emplace();
    }

private:
    std::optional<Outside> outside_;
};

TEST_F(PortmapFlows, OnlyAddressesOfTheHostAreLocal) {
    Rtnl rtnl;
    for (const char* local : {"192.0.2.1", "2001:db8::1", "127.0.0.1", "127.1.2.3", "::1"})
        EXPECT_TRUE(is_local(rtnl, ip(local))) << local;
    output_of({"ip", "route", "add", "blackhole", "198.51.100.0/24"});
    for (const char* other : {"192.0.2.2", "203.0.113.1", "198.51.100.1", "2001:db8::9", "fd00::1"})
        EXPECT_FALSE(is_local(rtnl, ip(other))) << other;
}

TEST_F(PortmapFlows, AddForgetsFlowsToTheHostThatLeadElsewhere) {
    enter("192.0.2.1", "53", "10.88.0.9", "53");      // a container that is gone
    enter("192.0.2.1", "53", "192.0.2.1", "53");      // the host itself
    enter("192.0.2.1", "53", "10.88.0.2", "5353");    // the new one
    enter("192.0.2.1", "54", "10.88.0.9", "53");      // another port
    enter("203.0.113.1", "53", "203.0.113.1", "53");  // forwarded
    Rtnl host;
    nft::Connection nft;
    portmap::forget_flows_elsewhere(host, nft, {{IPPROTO_UDP, {}, 53, ip("10.88.0.2"), 5353}}, {});
    EXPECT_EQ(flows(Family::v4),
              (Lines{"17 192.0.2.1:53 10.88.0.2:5353", "17 192.0.2.1:54 10.88.0.9:53",
                     "17 203.0.113.1:53 203.0.113.1:53"}));
}

TEST_F(PortmapFlows, AddForgetsFlowsToItsAddressOnly) {
    enter("192.0.2.1", "53", "10.88.0.9", "53");
    enter("127.0.0.1", "53", "10.88.0.9", "53");
    Rtnl host;
    nft::Connection nft;
    portmap::forget_flows_elsewhere(
        host, nft, {{IPPROTO_UDP, ip("192.0.2.1"), 53, ip("10.88.0.2"), 5353}}, {});
    EXPECT_EQ(flows(Family::v4), Lines{"17 127.0.0.1:53 10.88.0.9:53"});
}

TEST_F(PortmapFlows, DelForgetsFlowsThroughTheMappings) {
    enter("192.0.2.1", "53", "10.88.0.2", "5353");
    enter("2001:db8::1", "53", "fd00:88::2", "5353");
    enter("192.0.2.1", "53", "10.88.0.3", "5353");
    enter("192.0.2.1", "55", "10.88.0.2", "5353");
    nft::Connection nft;
    portmap::forget_flows_through(nft, {{IPPROTO_UDP, {}, 53, ip("10.88.0.2"), 5353},
                                        {IPPROTO_UDP, {}, 53, ip("fd00:88::2"), 5353},
                                        {IPPROTO_TCP, {}, 55, ip("10.88.0.2"), 5353}});
    EXPECT_EQ(flows(Family::v4),
              (Lines{"17 192.0.2.1:53 10.88.0.3:5353", "17 192.0.2.1:55 10.88.0.2:5353"}));
    EXPECT_EQ(flows(Family::v6), Lines{});
}

}  // namespace
}  // namespace cni::test
