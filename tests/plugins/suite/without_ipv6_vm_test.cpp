// A kernel that was booted with ipv6.disable=1: everything works for IPv4, and an IPv6 address is
// refused in words.
#include <gmock/gmock.h>

#include "base/text.h"
#include "support/portmap_fixture.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

/// Calls of every plugin for network "net1" and one container, "c1".
class VmWithoutIpv6 : public VmTest, protected PortmapCalls {
protected:
    void SetUp() override {
        VmTest::SetUp();
        if (IsSkipped()) return;
        if (!sysctl("net/ipv6/conf/all/disable_ipv6").empty())
            GTEST_SKIP() << "the kernel has IPv6: boot it with ipv6.disable=1";
        container_.emplace("c1");
    }

    static json with(json config, const json& keys) {
        config.merge_patch(keys);
        return config;
    }
    static json ipv4_ipam() {
        return {{"type", "host-local"},
                {"ranges", {{{{"subnet", "10.1.2.0/24"}}}}},
                {"routes", {{{"dst", "0.0.0.0/0"}}}}};
    }
    static json static_ipam(const std::string& address) {
        return {{"type", "static"}, {"addresses", {{{"address", address}}}}};
    }
    static json bridge(const json& keys = json::object()) {
        return with(layer2({{"isGateway", true}, {"ipam", ipv4_ipam()}}), keys);
    }
    static json ptp(const json& keys = json::object()) {
        return with(layer2({{"type", "ptp"}, {"ipam", ipv4_ipam()}}), keys);
    }
    /// Behind another plugin of the chain.
    static json chained(const std::string& type, const json& result, const json& keys) {
        return with(layer2({{"type", type}, {"prevResult", result}}), keys);
    }

    /// Of the plugin that the configuration is for.
    PluginRun run(const std::string& command, const json& config) const {
        return run_plugin(config["type"], command, args(*container_), config.dump());
    }
    json succeed(const std::string& command, const json& config) const {
        const PluginRun finished = run(command, config);
        EXPECT_TRUE(finished.ok()) << command << " " << config << finished.report();
        EXPECT_EQ(finished.err, "") << command << " " << config;
        return finished.ok() && command == "ADD" ? finished.json() : json::object();
    }
    /// ADD and CHECK.
    json attach(const json& config) const {
        json result = succeed("ADD", config);
        succeed("CHECK", with(config, {{"prevResult", result}}));
        return result;
    }
    /// STATUS, GC with nothing that is attached, and DEL twice.
    void finish(const json& config, const json& result = {}) const {
        json newer = with(config, {{"cniVersion", "1.1.0"}, {"prevResult", nullptr}});
        succeed("STATUS", newer);
        newer["cni.dev/valid-attachments"] =
            json::array({{{"containerID", container_->name()}, {"ifname", "eth0"}}});
        succeed("GC", newer);
        for (int i = 0; i < 2; ++i)
            succeed("DEL", result.is_null() ? config : with(config, {{"prevResult", result}}));
    }
    void expect_masqueraded(const Outside& outside) const {
        const Exchange out = exchange_tcp({.server = outside.netns().netns(),
                                           .address = outside.address(),
                                           .client = container_->netns()});
        EXPECT_TRUE(out.answered) << out.failure;
        EXPECT_EQ(out.peer_address, outside.host_address());
    }
    void expect_error(const json& config, const std::string& message) const {
        const PluginRun finished = run("ADD", config);
        EXPECT_EQ(finished.error_code(), 999) << finished.report();
        EXPECT_THAT(finished.error_message(), HasSubstr(message)) << config;
        EXPECT_THAT(finished.out, HasSubstr("ipv6.disable=1")) << "what to do";
    }
    void expect_refused(const json& config, const std::string& message) const {
        expect_error(config, message);
        EXPECT_TRUE(leases().empty());
        EXPECT_TRUE(link(*container_, "eth0").is_null());
    }
    static OutsideOptions ipv4_only() { return {.host_address6 = "", .outside_address6 = ""}; }

    std::optional<TestNetns> container_;
};

class VmWithoutIpv6Rules : public VmWithoutIpv6, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        VmWithoutIpv6::SetUp();
        if (!IsSkipped()) use(GetParam());
    }
    json masqueraded(const json& keys) const {
        return with(
            {{"ipMasq", true}, {"ipMasqBackend", way() == Way::nftables ? "nftables" : "iptables"}},
            keys);
    }
};

TEST_P(VmWithoutIpv6Rules, BridgeIsAGatewayThatMasquerades) {
    const Outside outside(ipv4_only());
    const json config =
        bridge(masqueraded({{"macspoofchk", true}, {"hairpinMode", true}, {"forceAddress", true}}));
    const json result = attach(config);
    EXPECT_TRUE(ping(container_->netns(), "10.1.2.1"));
    expect_masqueraded(outside);
    finish(config, result);
    EXPECT_TRUE(leases().empty());
    EXPECT_TRUE(link(*container_, "eth0").is_null());
}

TEST_P(VmWithoutIpv6Rules, PtpMasquerades) {
    const Outside outside(ipv4_only());
    const json config = ptp(masqueraded(json::object()));
    const json result = attach(config);
    EXPECT_TRUE(ping(container_->netns(), "10.1.2.1"));
    expect_masqueraded(outside);
    finish(config, result);
    EXPECT_TRUE(leases().empty());
    EXPECT_TRUE(link(*container_, "eth0").is_null());
}

TEST_P(VmWithoutIpv6Rules, PortsAreForwarded) {
    const Outside outside(ipv4_only());
    const json network = bridge({{"hairpinMode", true}});
    const json result = attach(network);
    const json ports = config(
        result, {mapping(8080, 80), mapping(8080, 80, "udp"), mapping(8081, 80, "tcp", "::")});
    EXPECT_EQ(attach(ports), result);
    const ExchangeOptions options{.server = container_->netns(),
                                  .address = address_of(result, '4'),
                                  .port = 80,
                                  .client = outside.netns().netns(),
                                  .target_address = outside.host_address(),
                                  .target_port = 8080};
    for (const auto exchange : {exchange_tcp, exchange_udp}) {
        const Exchange seen = exchange(options);
        EXPECT_TRUE(seen.answered) << seen.failure;
    }
    // From the host itself, by its 127.0.0.1.
    const Exchange local = exchange_tcp({.server = container_->netns(),
                                         .address = address_of(result, '4'),
                                         .port = 80,
                                         .client = Netns::current(),
                                         .target_address = "127.0.0.1",
                                         .target_port = 8080});
    EXPECT_TRUE(local.answered) << local.failure;
    finish(ports, result);
    EXPECT_EQ(count(container_->name()), 0u) << rules();
    finish(network, result);
}

INSTANTIATE_TEST_SUITE_P(, VmWithoutIpv6Rules, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_F(VmWithoutIpv6, BridgeTakesAStaticAddress) {
    const json config = bridge({{"ipam", nullptr}, {"isGateway", false}});
    const json fixed = with(config, {{"ipam", static_ipam("10.1.2.9/24")}});
    finish(fixed, attach(fixed));
    finish(config, attach(config));
}

TEST_F(VmWithoutIpv6, BridgeHasTheGatewayOfAVlan) {
    const json config = bridge({{"vlan", 5}});
    const json result = attach(config);
    EXPECT_TRUE(ping(container_->netns(), "10.1.2.1"));
    finish(config, result);
}

TEST_F(VmWithoutIpv6, LoopbackHasTheIpv4Address) {
    const json config = layer2({{"type", "loopback"}});
    const json result = attach(config);
    EXPECT_EQ(result["ips"], json::parse(R"([{"address": "127.0.0.1/8", "interface": 0}])"));
    finish(config);
}

TEST_F(VmWithoutIpv6, PluginsBehindAnotherOneWork) {
    const json result = attach(bridge());
    const json tuning = chained("tuning", result,
                                {{"mac", "02:00:00:00:00:07"},
                                 {"mtu", 1400},
                                 {"promisc", true},
                                 {"txQLen", 77},
                                 {"sysctl", {{"net.ipv4.conf.IFNAME.arp_filter", "1"}}}});
    const json tuned = attach(tuning);
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1400);
    const json sample =
        chained("sample", tuned, {{"anotherAwesomeArg", "hello"}, {"myAwesomeFlag", true}});
    EXPECT_EQ(attach(sample), tuned);
    finish(sample, tuned);
    finish(tuning, tuned);
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1500);
    finish(bridge(), result);
}

TEST_F(VmWithoutIpv6, IpamPluginsHandOutWhatTheyAreTold) {
    const json host_local = layer3({{"type", "host-local"}});
    const json result = attach(host_local);
    EXPECT_EQ(result["ips"].size(), 2u);
    finish(host_local, result);
    const json fixed = layer2({{"type", "static"}, {"ipam", static_ipam("fd00:1:2::9/64")}});
    finish(fixed, attach(fixed));
}

TEST_F(VmWithoutIpv6, AnIpv6AddressIsRefusedInWords) {
    const json fixed = {{"ipam", static_ipam("fd00:1:2::9/64")}};
    const std::string why = "IPv6 is disabled in the kernel";
    expect_refused(layer3(), why);
    expect_refused(layer3({{"vlan", 5}}), why);
    expect_refused(layer3({{"isGateway", false}}), why);
    expect_refused(layer3({{"ipMasq", true}}), why);
    expect_refused(bridge(fixed), why);
    expect_refused(ptp({{"ipam", layer3()["ipam"]}}), why);
    expect_refused(ptp(fixed), why);
}

TEST_F(VmWithoutIpv6, AnIpv6ParameterIsRefusedInWords) {
    const json result = attach(bridge());
    const json sysctl = {{"net.ipv6.conf.IFNAME.accept_ra", "0"}};
    expect_error(chained("tuning", result, {{"sysctl", sysctl}}),
                 "accept_ra: IPv6 is disabled in the kernel");
}

}  // namespace
}  // namespace cni::test
