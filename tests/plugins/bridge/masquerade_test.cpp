// Masquerading through each backend: what the world sees, what is in the tables, what is left.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

using Strings = std::vector<std::string>;

/// A backend, and the host that has it.
struct BackendCase {
    const char* name;
    const char* configured;
    Strings host;      ///< commands ahead of the first ADD
    Strings programs;  ///< that show iptables' rules of both families; none: nftables
};

std::ostream& operator<<(std::ostream& stream, const BackendCase& c) {
    return stream << c.name;
}

const BackendCase cases[] = {
    {"nftables", "nftables", {}, {}},
    {"iptables_nft", "iptables", {}, {"iptables-nft", "ip6tables-nft"}},
    {"iptables_nft_in_use",
     "",
     {"iptables-nft -t nat -A POSTROUTING -s 192.0.2.99 -j ACCEPT"},
     {"iptables-nft", "ip6tables-nft"}},
    {"iptables_legacy",
     "iptables",
     {"iptables-legacy -t nat -N FOREIGN", "ip6tables-legacy -t nat -N FOREIGN"},
     {"iptables-legacy", "ip6tables-legacy"}},
};

constexpr char chain_of_c1[] = "CNI-c2d892b58e87e28a12fe6479";

class BridgeMasquerade : public BridgeTest, public ::testing::WithParamInterface<BackendCase> {
protected:
    void SetUp() override {
        BridgeTest::SetUp();
        if (IsSkipped()) return;
        for (const std::string& command : GetParam().host) shell(command);
    }

    static void shell(const std::string& command) { output_of({"sh", "-c", command}); }

    static json with_backend(json config, const json& keys = json::object()) {
        config["ipMasq"] = true;
        if (*GetParam().configured) config["ipMasqBackend"] = GetParam().configured;
        config.merge_patch(keys);
        return config;
    }
    static json masqueraded(const json& keys = json::object()) {
        return with_backend(layer3(), keys);
    }
    static bool is_nftables() { return GetParam().programs.empty(); }

    /// Rules and chains of nat that are ours, of IPv4 and IPv6, without what is there besides.
    static Strings rules() {
        if (is_nftables()) return lines_with("nft --stateless list ruleset", "masquerade comment");
        Strings out;
        for (const std::string& program : GetParam().programs)
            for (std::string& line : lines_with(cat(program, "-save -t nat"), "CNI-"))
                out.push_back(line.substr(0, line.find(" [")));
        return out;
    }
    static Strings lines_with(const std::string& command, const std::string& part) {
        Strings out;
        const std::string text = output_of({"sh", "-c", command});
        for (const auto line : split(text, '\n'))
            if (line.find(part) != line.npos) out.emplace_back(trim(line));
        return out;
    }

    static Exchange exchange(const Outside& outside, const TestNetns& c, const std::string& to) {
        return exchange_tcp(
            {.server = outside.netns().netns(), .address = to, .client = c.netns()});
    }
    static void expect_masqueraded(const Outside& outside, const TestNetns& c) {
        const Exchange v4 = exchange(outside, c, outside.address()),
                       v6 = exchange(outside, c, outside.address6());
        EXPECT_EQ(v4.peer_address, outside.host_address()) << v4.failure;
        EXPECT_EQ(v6.peer_address, outside.host_address6()) << v6.failure;
    }
    static PluginRun check(const TestNetns& c, json config, const json& result) {
        config["prevResult"] = result;
        return call("CHECK", args(c), config);
    }
};

INSTANTIATE_TEST_SUITE_P(Backends, BridgeMasquerade, ::testing::ValuesIn(cases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(BridgeMasquerade, TheOutsideSeesTheHost) {
    const Outside outside;
    const TestNetns c("c1");
    const json result = add(c, masqueraded());
    expect_masqueraded(outside, c);
    EXPECT_TRUE(check(c, masqueraded(), result).ok());
}

TEST_P(BridgeMasquerade, RulesAreInTheConfiguredBackendAlone) {
    const TestNetns c("c1");
    add(c, masqueraded());
    if (is_nftables()) {
        EXPECT_EQ(rules().size(), 2u);
        EXPECT_EQ(ruleset().find("table ip nat"), std::string::npos);
        return;
    }
    const std::string chain = chain_of_c1;
    const std::string note = R"(-m comment --comment "name: \"net1\" id: \"c1\"")";
    EXPECT_EQ(rules(), (Strings{cat(":", chain, " -"),
                                cat("-A POSTROUTING -s 10.1.2.2/32 ", note, " -j ", chain),
                                cat("-A ", chain, " -d 10.1.2.0/24 ", note, " -j ACCEPT"),
                                cat("-A ", chain, " ! -d 224.0.0.0/4 ", note, " -j MASQUERADE"),
                                cat(":", chain, " -"),
                                cat("-A POSTROUTING -s fd00:1:2::2/128 ", note, " -j ", chain),
                                cat("-A ", chain, " -d fd00:1:2::/64 ", note, " -j ACCEPT"),
                                cat("-A ", chain, " ! -d ff00::/8 ", note, " -j MASQUERADE")}));
    EXPECT_EQ(ruleset().find("cni_plugins_masquerade"), std::string::npos);
}

TEST_P(BridgeMasquerade, DelRemovesAllWhateverItKnows) {
    const Outside outside;
    const Strings before = rules();
    for (const char* netns : {"", "/run/netns/c1", "/run/netns/gone"}) {
        for (const json& keys :
             {json::object(), json{{"ipMasq", false}}, json{{"ipMasqBackend", "nftables"}}}) {
            const TestNetns c("c1");
            add(c, masqueraded());
            EXPECT_NE(rules(), before);
            PluginArgs of_c = args(c);
            of_c.netns = netns;
            const PluginRun run = call("DEL", of_c, masqueraded(keys));
            EXPECT_TRUE(run.ok()) << run.report();
            EXPECT_EQ(rules(), before) << netns << keys;
        }
    }
}

TEST_P(BridgeMasquerade, AddAfterALostDelMakesNoDoubles) {
    Strings once;
    for (int i = 0; i < 3; ++i) {
        const ScriptedIpam ipam;
        ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
        const TestNetns c("c1");
        add(c, with_backend(scripted({{"isGateway", true}})));
        if (i == 0) once = rules();
        EXPECT_EQ(rules(), once);
    }
}

TEST_P(BridgeMasquerade, InterfacesOfOneContainerDoNotShareTheirEnd) {
    const Outside outside;
    const TestNetns c("c1");
    add(c, masqueraded(), "eth0");
    const Strings of_eth0 = rules();
    add(c, masqueraded({{"ipam", {{"routes", nullptr}}}}), "eth1");
    EXPECT_NE(rules(), of_eth0);
    del(c, masqueraded(), "eth1");
    EXPECT_EQ(rules(), of_eth0);
    expect_masqueraded(outside, c);
    // A retry, and one for an ADD that came to nothing.
    del(c, masqueraded(), "eth1");
    EXPECT_EQ(rules(), of_eth0);
    del(c, masqueraded(), "eth0");
    EXPECT_EQ(rules(), Strings{});
}

TEST_P(BridgeMasquerade, AddressesOfOneFamilyReachEachOthersSubnetAsThemselves) {
    const ScriptedIpam ipam;
    const json config = with_backend(scripted({{"isGateway", true}}));
    ipam.answer(R"({"cniVersion": "1.0.0", "ips": [
        {"address": "10.1.2.2/24"}, {"address": "10.1.3.2/24"}],
        "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.2.1"}]})");
    const TestNetns both("both"), one("one");
    add(both, config);
    const Strings of_both = rules();
    if (!is_nftables()) {
        // Both exceptions come first.
        ASSERT_EQ(of_both.size(), 6u);
        EXPECT_NE(of_both[3].find("-d 10.1.2.0/24"), std::string::npos);
        EXPECT_NE(of_both[4].find("-d 10.1.3.0/24"), std::string::npos);
        EXPECT_NE(of_both[5].find("MASQUERADE"), std::string::npos);
    }
    del(both, config);
    EXPECT_EQ(rules(), Strings{});
}

TEST_P(BridgeMasquerade, CheckNoticesEachRuleThatIsGone) {
    if (is_nftables()) return;  // BridgeCheck has it
    const TestNetns c("c1");
    const json result = add(c, masqueraded());
    const Strings all = rules();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].starts_with("-A ")) continue;
        const std::string program = GetParam().programs[i < all.size() / 2 ? 0 : 1];
        shell(cat(program, "-save -t nat > /run/saved"));
        shell(cat(program, " -t nat -D ", all[i].substr(3)));
        const PluginRun run = check(c, masqueraded(), result);
        EXPECT_NE(run.error_message().find("masquerading: "), std::string::npos) << run.report();
        EXPECT_NE(run.error_message().find(split(all[i], ' ')[1]), std::string::npos)
            << all[i] << run.report();
        shell(cat(program, "-restore < /run/saved"));
        EXPECT_TRUE(check(c, masqueraded(), result).ok());
    }
}

TEST_P(BridgeMasquerade, GcRemovesWhatNoValidContainerHas) {
    const TestNetns valid("valid"), stale("stale"), other("other");
    const json config = masqueraded({{"cniVersion", "1.1.0"}});
    add(valid, config);
    add(other, masqueraded({{"name", "net2"}}));
    const Strings before = rules();
    add(stale, config);
    EXPECT_NE(rules(), before);
    json gc = config;
    gc["cni.dev/valid-attachments"] = {{{"containerID", "valid"}, {"ifname", "eth0"}}};
    const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}}, gc);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(rules(), before);
}

TEST_P(BridgeMasquerade, StatusIsFine) {
    const json config = masqueraded({{"cniVersion", "1.1.0"}});
    const PluginRun run = call("STATUS", {.container_id = {}, .netns = {}, .ifname = {}}, config);
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(rules(), Strings{});
}

TEST_P(BridgeMasquerade, AFailedAddLeavesNothing) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24", "fd00:1:2::2/64"}));
    const json config = with_backend(scripted({{"isGateway", true}}));
    const TestNetns before("before"), c("c1");
    add(before, config);
    const Strings rules_before = rules();
    // Looking for duplicates comes behind the rules.
    ipam.answer(ipam_result({"10.1.2.3/24", "fd00:1:2::2/64"}));
    json careful = config;
    careful["enabledad"] = true;
    const PluginRun run = try_add(c, careful);
    EXPECT_NE(run.error_message().find("fd00:1:2::2"), std::string::npos) << run.report();
    EXPECT_EQ(rules(), rules_before);
}

}  // namespace
}  // namespace cni::test
