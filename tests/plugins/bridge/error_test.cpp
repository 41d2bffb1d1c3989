// ADDs that fail: with the right code and words, and nothing left of them.
#include <gtest/gtest.h>

#include "attach/host_link.h"
#include "base/text.h"
#include "support/bridge_fixture.h"

namespace cni::test {
namespace {

struct Expected {
    int code;
    std::string message;
};

class BridgeError : public BridgeTest {
protected:
    /// ADD of container c1 fails so, and neither the host nor the container shows a trace of it.
    static void expect_failure(const json& config, const Expected& expected,
                               const std::string& cni_args = {}) {
        const TestNetns c("c1");
        PluginArgs with = args(c);
        with.args = cni_args;
        const Snapshot host = host_snapshot(), container = c.run(take_snapshot);
        const PluginRun run = call("ADD", with, config);
        EXPECT_EQ(run.error_code(), expected.code) << config << "\n" << run.report();
        EXPECT_EQ(run.error_message(), expected.message) << config;
        EXPECT_EQ(host_snapshot(), host) << config;
        EXPECT_EQ(c.run(take_snapshot), container) << config;
    }
    /// Makes what attachments share and no failure takes back: bridge, gateways, tables.
    static void use_once(const json& config) {
        const TestNetns c("once");
        add(c, config);
        del(c, config);
    }
    static std::string cat_routes(const std::string& routes) {
        return ipam_result({"10.1.2.2/24"}, {{"routes", json::parse(routes)}});
    }
};

TEST_F(BridgeError, ConfigurationIsRefusedBeforeAnythingIsDone) {
    const std::vector<std::pair<json, std::string>> cases = {
        {{{"bridge", ""}}, "failed to create bridge \"\": invalid interface name"},
        {{{"bridge", "sixteen-bytes-xx"}},
         "failed to create bridge \"sixteen-bytes-xx\": invalid interface name"},
        {{{"bridge", "a/b"}}, "failed to create bridge \"a/b\": invalid interface name"},
        {{{"ipMasqBackend", "ipchains"}}, "unknown ipmasq backend \"ipchains\""},
        {{{"vlan", -1}}, "invalid VLAN ID -1 (must be between 0 and 4094)"},
        {{{"vlan", 4095}}, "invalid VLAN ID 4095 (must be between 0 and 4094)"},
        {{{"vlanTrunk", {{{"id", 0}}}}}, "incorrect trunk id parameter"},
        {{{"vlanTrunk", {{{"id", 4095}}}}}, "incorrect trunk id parameter"},
        {{{"vlanTrunk", {{{"minID", 0}, {"maxID", 9}}}}}, "incorrect trunk minID parameter"},
        {{{"vlanTrunk", {{{"minID", 1}, {"maxID", 4095}}}}}, "incorrect trunk maxID parameter"},
        {{{"vlanTrunk", {{{"minID", 9}, {"maxID", 8}}}}},
         "minID is greater than maxID in trunk parameter"},
        {{{"vlanTrunk", {{{"minID", 9}}}}},
         "minID and maxID should be configured simultaneously, maxID is missing"},
        {{{"vlanTrunk", {{{"maxID", 9}}}}},
         "minID and maxID should be configured simultaneously, minID is missing"},
        {{{"ipam", {{"type", "host-local"}}}, {"disableContainerInterface", true}},
         "cannot use IPAM when DisableContainerInterface flag is set"},
        {{{"hairpinMode", true}, {"promiscMode", true}},
         "cannot set hairpin mode and promiscuous mode at the same time"},
        {{{"runtimeConfig", {{"mac", "02:00:00:00:00"}}}},
         "failed to make veth pair: address 02:00:00:00:00: invalid MAC address"},
        {{{"runtimeConfig", {{"mac", "01:00:00:00:00:00"}}}},
         "failed to make veth pair: cannot assign requested address"},
        {{{"args", {{"cni", {{"mac", "00:00:00:00:00:00"}}}}}},
         "failed to make veth pair: cannot assign requested address"},
    };
    for (const auto& [keys, message] : cases) expect_failure(layer2(keys), {7, message});
}

TEST_F(BridgeError, WrongTypesAreRefusedByName) {
    for (const char* key :
         {"isGateway", "isDefaultGateway", "forceAddress", "ipMasq", "hairpinMode", "promiscMode",
          "preserveDefaultVlan", "macspoofchk", "enabledad", "disableContainerInterface",
          "portIsolation", "mtu", "vlan", "bridge", "vlanTrunk", "ipam", "dns", "ipMasqBackend"}) {
        const TestNetns c("c1");
        const bool takes_text = key == std::string("bridge") || key == std::string("ipMasqBackend");
        const PluginRun run = try_add(c, layer2({{key, takes_text ? json(5) : json("text")}}));
        EXPECT_EQ(run.error_code(), 7) << key << run.report();
        EXPECT_NE(run.error_message().find(cat("\"", key, "\"")), std::string::npos)
            << key << run.report();
    }
    expect_failure(layer2({{"vlanTrunk", {nullptr}}}),
                   {7, "\"vlanTrunk[0]\" must be an object with id, or minID and maxID"});
}

TEST_F(BridgeError, CniArgsAreRefusedByName) {
    expect_failure(layer2(), {4, "ARGS: invalid pair \"MAC\""}, "MAC");
    expect_failure(layer2(), {4, "ARGS: unknown args [\"IP=10.1.2.2\"]"}, "IP=10.1.2.2");
    expect_failure(layer2(), {7, "failed to make veth pair: address x: invalid MAC address"},
                   "IgnoreUnknown=1;IP=10.1.2.2;MAC=x");
}

TEST_F(BridgeError, NetnsMustBeANetworkNamespaceOfAnother) {
    const Snapshot before = host_snapshot();
    PluginArgs call_args{.netns = "/run/netns/none"};
    PluginRun run = call("ADD", call_args, layer2());
    EXPECT_EQ(run.error_code(), 8);
    EXPECT_EQ(run.error_message(),
              "failed to open netns \"/run/netns/none\": failed to Statfs "
              "\"/run/netns/none\": No such file or directory");
    call_args.netns = "/etc/passwd";
    run = call("ADD", call_args, layer2());
    EXPECT_EQ(run.error_code(), 8);
    EXPECT_NE(run.error_message().find("unknown FS magic on \"/etc/passwd\""), std::string::npos);
    call_args.netns = "/proc/self/ns/net";
    run = call("ADD", call_args, layer2());
    EXPECT_EQ(run.error_code(), 8);
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(BridgeError, Layer2CannotBeToldInTheOldestVersions) {
    for (const char* version : {"0.1.0", "0.2.0"})
        expect_failure(layer2({{"cniVersion", version}}),
                       {7, "cannot convert: no valid IP addresses"});
}

TEST_F(BridgeError, BridgeNameThatIsSomethingElse) {
    expect_failure(layer2({{"bridge", "lo"}}),
                   {999,
                    "failed to create bridge \"lo\": \"lo\" already exists but is not a "
                    "bridge"});
}

TEST_F(BridgeError, SecondAddForOneInterfaceLeavesTheFirstAlone) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const json config = scripted({{"isGateway", true}, {"ipMasq", true}, {"macspoofchk", true}});
    const TestNetns c("c1");
    add(c, config);
    const Snapshot host = host_snapshot(), container = c.run(take_snapshot);
    const PluginRun run = try_add(c, config);
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_EQ(run.error_message(), "container veth name (\"eth0\") peer provided already exists");
    EXPECT_EQ(host_snapshot(), host);
    EXPECT_EQ(c.run(take_snapshot), container);
    EXPECT_EQ(ipam.calls().size(), 1u) << "the first one's addresses were released";
}

TEST_F(BridgeError, AddOfAContainerThatLivesElsewhereLeavesThatAlone) {
    const json config = layer3({{"ipMasq", true}, {"macspoofchk", true}});
    const TestNetns first("c1"), second("c2");
    add(first, config);
    const Snapshot before = host_snapshot();
    PluginArgs again = args(second);
    again.container_id = first.name();
    const PluginRun run = call("ADD", again, config);
    EXPECT_NE(run.error_message().find("duplicate allocation is not allowed"), std::string::npos)
        << run.report();
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(BridgeError, IpamThatIsStillAtWorkWhenAnotherStepFails) {
    const json config = scripted({{"bridge", "lo"}});
    const TestNetns c("c1");
    for (const std::string& answer :
         {cat("echo '", ipam_result({"10.1.2.2/24"}), "'"),
          std::string(R"(echo '{"code": 123, "msg": "c1 has an address"}'; exit 1)")}) {
        const ScriptedIpam ipam;
        ipam.on("ADD", cat("sleep 0.2; ", answer));
        EXPECT_EQ(try_add(c, config).error_code(), 999);
        EXPECT_EQ(ipam.calls(), (std::vector<std::string>{"ADD c1 eth0", "DEL c1 eth0"})) << answer;
    }
}

TEST_F(BridgeError, EveryNameOfTheHostEndTaken) {
    use_once(layer2());
    for (int attempt = 0; attempt < host_link_names; ++attempt)
        output_of({"ip", "link", "add", host_link("net1", {"c1", "eth0"}, attempt).name, "type",
                   "bridge"});
    const TestNetns c("c1");
    const Snapshot before = host_snapshot();
    const PluginRun run = try_add(c, layer2());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_NE(run.error_message().find("File exists"), std::string::npos) << run.report();
    EXPECT_EQ(host_snapshot(), before);
}

TEST_F(BridgeError, IpamThatIsNotThere) {
    use_once(layer2());
    const std::string path = *args(TestNetns("c0")).path;
    std::string words = path;
    std::replace(words.begin(), words.end(), ':', ' ');
    expect_failure(layer2({{"ipam", {{"type", "nobody"}}}}),
                   {999, cat("failed to find plugin \"nobody\" in path [", words, "]")});
    expect_failure(layer2({{"ipam", {{"type", "../bridge"}}}}),
                   {7, "invalid plugin name: ../bridge"});
}

TEST_F(BridgeError, IpamThatFails) {
    use_once(layer2());
    const std::vector<std::pair<std::string, Expected>> cases = {
        {R"(echo '{"code": 123, "msg": "no more", "details": "at all"}'; exit 1)",
         {123, "no more"}},
        {"exit 3", {999, "netplugin failed with no error message: exit status 3"}},
        {"kill -9 $$", {999, "netplugin failed with no error message: signal: Killed"}},
        {"echo oops >&2; exit 1", {999, "netplugin failed: \"oops\": exit status 1"}},
        {"echo '{\"cniVersion\": \"1.0.0\"}'", {999, "IPAM plugin returned missing IP config"}},
        // Its result is in use by then.
        {cat("echo '", ipam_result({"10.1.2.2/24"}), "'; exec >&-; sleep 0.3; exit 3"),
         {999, "netplugin failed with no error message: exit status 3"}},
    };
    for (const auto& [shell, expected] : cases) {
        const ScriptedIpam ipam;
        ipam.on("ADD", shell);
        expect_failure(scripted(), expected);
        EXPECT_EQ(ipam.calls(), (std::vector<std::string>{"ADD c1 eth0", "DEL c1 eth0"})) << shell;
    }
}

// It would fill the memory.
TEST_F(BridgeError, IpamThatPrintsWithoutEnd) {
    use_once(layer3());
    const ScriptedIpam ipam;
    for (const auto& [shell, name] :
         {std::pair("exec yes", "output"), {"exec yes >&2", "stderr"}}) {
        ipam.on("ADD", shell);
        expect_failure(scripted(),
                       {5, cat("the ", name, " of /mnt/scripted is larger than 16777216 bytes")});
    }
    EXPECT_EQ(ipam.calls(), std::vector<std::string>(
                                {"ADD c1 eth0", "DEL c1 eth0", "ADD c1 eth0", "DEL c1 eth0"}));
}

TEST_F(BridgeError, IpamWhoseResultCannotBeUsed) {
    use_once(layer2());
    for (const char* result : {"", "junk", "[]", R"({"cniVersion": "9.9.9"})",
                               R"({"cniVersion": "1.0.0", "ips": [{"address": "10.1.2.2"}]})"}) {
        const ScriptedIpam ipam;
        ipam.answer(result);
        const TestNetns c("c1");
        const Snapshot before = host_snapshot();
        const PluginRun run = try_add(c, scripted());
        EXPECT_GT(run.error_code(), 0) << result << run.report();
        EXPECT_EQ(host_snapshot(), before);
        EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0") << result;
    }
}

TEST_F(BridgeError, RoutesTheKernelRefuses) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    const json config = scripted({{"isGateway", true}, {"ipMasq", true}, {"macspoofchk", true}});
    use_once(config);
    ipam.answer(cat_routes(R"([{"dst": "10.8.0.0/16", "gw": "10.99.0.1"}])"));
    expect_failure(config, {999,
                            "failed to add route '10.8.0.0/16 via 10.99.0.1 dev eth0 metric 0 "
                            "(Scope: 0, Table: 0)': Network is unreachable"});
    ipam.answer(cat_routes(R"([{"dst": "10.8.0.1/16"}])"));
    expect_failure(config, {999,
                            "failed to add route '10.8.0.1/16 via 10.1.2.1 dev eth0 metric 0 "
                            "(Scope: 0, Table: 0)': Invalid argument"});
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

TEST_F(BridgeError, GatewayAddressThatIsInTheWay) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion": "1.0.0", "ips": [{"address": "10.1.3.2/24"}]})");
    use_once(scripted({{"isGateway", true}}));
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    expect_failure(scripted({{"isGateway", true}}),
                   {999,
                    "failed to set bridge addr: \"cni0\" already has an IP address different "
                    "from 10.1.2.1/24"});
    output_of({"ip", "address", "add", "fd00:1::9/32", "dev", "cni0"});
    ipam.answer(ipam_result({"fd00:1:2::2/64"}));
    expect_failure(scripted({{"isGateway", true}}),
                   {999,
                    "failed to set bridge addr: \"cni0\" already has an IP address different "
                    "from fd00:1:2::1/64"});
}

TEST_F(BridgeError, RulesetThatIsInTheWay) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    use_once(scripted());
    output_of({"nft",
               "add table inet cni_plugins_masquerade;"
               "add chain inet cni_plugins_masquerade postrouting"
               " { type filter hook input priority 0; };"
               "add table bridge nat; add chain bridge nat PREROUTING"
               " { type filter hook postrouting priority 0; }"});
    for (const char* key : {"ipMasq", "macspoofchk"}) {
        const TestNetns c("c1");
        const Snapshot before = host_snapshot();
        const PluginRun run = try_add(c, scripted({{key, true}}));
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_NE(run.error_message().find("nftables table"), std::string::npos) << run.report();
        EXPECT_EQ(host_snapshot(), before) << key;
        EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
    }
}

TEST_F(BridgeError, ForwardingThatCannotBeEnabled) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    use_once(scripted({{"isGateway", true}}));
    output_of({"sh", "-c",
               "echo 0 > /proc/sys/net/ipv4/ip_forward; mount --bind /proc/sys /proc/sys;"
               "mount -o remount,ro,bind /proc/sys"});
    expect_failure(scripted({{"isGateway", true}}),
                   {999,
                    "failed to enable forwarding: set net/ipv4/ip_forward to 1: Read-only file "
                    "system"});
    output_of({"umount", "/proc/sys"});
}

TEST_F(BridgeError, UndoingGoesOnWhenAStepOfItFails) {
    const ScriptedIpam ipam;
    ipam.answer(cat_routes(R"([{"dst": "10.8.0.0/16", "gw": "10.99.0.1"}])"));
    ipam.on("DEL", "echo '{\"code\": 100, \"msg\": \"stuck\"}'; exit 1");
    const TestNetns c("c1");
    const PluginRun run = try_add(c, scripted());
    EXPECT_NE(run.error_message().find("failed to add route"), std::string::npos) << run.report();
    EXPECT_NE(run.err.find("undo: release the addresses: stuck"), std::string::npos) << run.err;
    EXPECT_TRUE(link(c, "eth0").is_null());
}

}  // namespace
}  // namespace cni::test
