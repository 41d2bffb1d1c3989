// Kinds of interfaces that many kernels lack.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class VmDhcp : public DhcpTest {
protected:
    explicit VmDhcp(const char* plugin) : DhcpTest(plugin) {}
    void SetUp() override {
        DhcpTest::SetUp();
        if (!IsSkipped()) skip_without_vlan_filtering();
    }
    json both(const json& keys = json::object()) const {
        json all = {{"cniVersion", "1.1.0"}};
        all.update(keys);
        return network(all, {{"family", "both"}});
    }
    /// Each has a lease of each family, which the server knows of until DEL.
    void expect_leases(const std::vector<const TestNetns*>& containers, const json& config) const {
        std::vector<std::string> expected;
        for (const TestNetns* c : containers) {
            const PluginRun run = call("ADD", *c, config);
            ASSERT_TRUE(run.ok()) << run.report();
            const json result = run.json();
            ASSERT_THAT(result["ips"], SizeIs(2));
            for (const json& ip : result["ips"]) {
                const std::string address = ip["address"];
                expected.push_back(address.substr(0, address.find('/')));
            }
            expect_sound(*c, config, result);
        }
        EXPECT_THAT(given(), UnorderedElementsAreArray(expected));
        for (const TestNetns* c : containers) del(*c, config);
        EXPECT_TRUE(comes_true([] { return given().empty(); }));
    }
    static inline const std::vector<std::string> with_ipv6 = {
        "--dhcp-range=fd00:1:2::100,fd00:1:2::1ff,64,1h", "--enable-ra"};
};

class VmDhcpIpvlan : public VmDhcp {
protected:
    VmDhcpIpvlan() : VmDhcp("ipvlan") {}
};

// They share a MAC address.
TEST_F(VmDhcpIpvlan, ServersTellClientsApart) {
    const Process server = start_dnsmasq(with_ipv6);
    const Process daemon = start_daemon();
    const TestNetns one("c1"), other("c2");
    expect_leases({&one, &other}, both());
}

class VmDhcpVlan : public VmDhcp {
protected:
    VmDhcpVlan() : VmDhcp("vlan") {}
};

TEST_F(VmDhcpVlan, TheServerOfTheVlanIsAsked) {
    shell(outside().netns(),
          "ip link add link eth0 name eth0.5 type vlan id 5; ip address flush dev eth0;"
          "ip address add 10.1.2.1/24 dev eth0.5; ip address add fd00:1:2::1/64 dev eth0.5 nodad;"
          "ip link set eth0.5 up");
    const Process server = start_dnsmasq(with_ipv6, "eth0.5");
    const Process daemon = start_daemon();
    const TestNetns c("c1");
    expect_leases({&c}, both({{"vlanId", 5}}));
}

}  // namespace
}  // namespace cni::test
