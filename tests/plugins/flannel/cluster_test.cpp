// Two nodes, as flannel's back end host-gw joins them: each has a subnet and a route to the
// other's.
#include <cstdlib>
#include <list>

#include "fixture.h"

namespace cni::test {
namespace {

/// A network namespace with a cable to the other one, and what the daemon wrote there.
class Node {
public:
    explicit Node(int number) : number_(number), netns_(cat("node", number)) {}

    const TestNetns& netns() const { return netns_; }
    std::string address() const { return cat("192.168.0.", number_); }
    std::string address6() const { return cat("fd00:192::", number_); }
    /// Below which it keeps all it keeps.
    std::string state() const { return cat("/var/lib/cni/node", number_); }
    std::string subnet_file() const { return cat(state(), "/subnet.env"); }

    void set_up(const Node& other) const {
        const auto ip = [&](const std::string& words) {
            netns_.output_of({"sh", "-ec", cat("ip ", words)});
        };
        ip("link set lo up; echo 0 >/proc/sys/net/ipv6/conf/cable/accept_dad");
        ip(cat("address add ", address(), "/24 dev cable"));
        ip(cat("address add ", address6(), "/64 dev cable nodad"));
        ip("link set cable up");
        ip(cat("route add 10.1.", other.number_, ".0/24 via ", other.address()));
        ip(cat("route add fd00:1:", other.number_, "::/64 via ", other.address6()));
    }

private:
    int number_;
    TestNetns netns_;
};

class FlannelCluster : public FlannelTest {
protected:
    void SetUp() override {
        FlannelTest::SetUp();
        if (IsSkipped()) return;
        for (const int number : {1, 2}) nodes_.emplace_back(number);
        output_of({"ip", "link", "add", "cable", "netns", "node1", "type", "veth", "peer", "name",
                   "cable", "netns", "node2"});
        one().set_up(two());
        two().set_up(one());
        for (const Node& node : nodes_) {
            shell(cat("mkdir -p ", node.state(), "; cat >", node.subnet_file()),
                  subnets(&node == &one() ? 1 : 2));
            net_d_.write(cat(node.netns().name(), "/10-flannel.conflist"), list(node).dump());
        }
    }

    const Node& one() const { return nodes_.front(); }
    const Node& two() const { return nodes_.back(); }

    /// As flannel's own manifest has it, with folders for each node.
    static json list(const Node& node) {
        return {{"name", "cbr0"},
                {"cniVersion", "0.4.0"},
                {"plugins",
                 {{{"type", "flannel"},
                   {"subnetFile", node.subnet_file()},
                   {"dataDir", cat(node.state(), "/flannel")},
                   {"ipam", {{"dataDir", cat(node.state(), "/networks")}}},
                   {"delegate", {{"hairpinMode", true}, {"isDefaultGateway", true}}}},
                  {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}},
                  {{"type", "bandwidth"}, {"capabilities", {{"bandwidth", true}}}}}}};
    }
    Finished tool(const std::string& verb, const Node& node, const TestNetns& pod) const {
        return node.netns().run([&] {
            return run(
                {.argv = {cat(bin_dir(), "/cnitool"), verb, "cbr0", pod.path()},
                 .environment = {cat("CNI_PATH=", bin_dir()), cat("PATH=", std::getenv("PATH")),
                                 cat("NETCONFPATH=", net_d_.path(), "/", node.netns().name()),
                                 R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80}],
                         "bandwidth":{"ingressRate":80000000,"ingressBurst":8000000,
                                      "egressRate":80000000,"egressBurst":8000000}})"}});
        });
    }
    json attach(const Node& node, const TestNetns& pod) const {
        const Finished added = tool("add", node, pod);
        EXPECT_TRUE(added.ok()) << added.err;
        return added.ok() ? json::parse(added.out) : json::object();
    }
    void expect_ok(const std::string& verb, const Node& node, const TestNetns& pod) const {
        const Finished finished = tool(verb, node, pod);
        EXPECT_TRUE(finished.ok()) << verb << ": " << finished.err;
    }

private:
    std::list<Node> nodes_;
    TempDir net_d_;
};

TEST_F(FlannelCluster, PodsReachEachOtherAndThroughPortsOfTheNodes) {
    const TestNetns client("client"), server("server");
    const json from = attach(one(), client), to = attach(two(), server);
    for (const char family : {'4', '6'}) {
        const Exchange seen = exchange_tcp({.server = server.netns(),
                                            .address = address_of(to, family),
                                            .client = client.netns()});
        EXPECT_TRUE(seen.answered) << seen.failure;
        EXPECT_EQ(seen.peer_address, address_of(from, family)) << "pods see each other's addresses";
        const Exchange mapped =
            exchange_tcp({.server = server.netns(),
                          .address = address_of(to, family),
                          .port = 80,
                          .client = client.netns(),
                          .target_address = family == '4' ? two().address() : two().address6(),
                          .target_port = 8080});
        EXPECT_TRUE(mapped.answered) << mapped.failure;
    }
    for (const Node* node : {&one(), &two()})
        EXPECT_THAT(node->netns().output_of({"tc", "qdisc"}), ::testing::HasSubstr("qdisc tbf"));
    expect_ok("check", one(), client);
    expect_ok("check", two(), server);
    for (int i = 0; i < 2; ++i) {
        expect_ok("del", one(), client);
        expect_ok("del", two(), server);
    }
    for (const Node* node : {&one(), &two()})
        EXPECT_EQ(shell(cat("find ", node->state(),
                            " -name '10.*' -o -name 'fd*' -o -path '*/flannel/*'")),
                  "");
}

}  // namespace
}  // namespace cni::test
