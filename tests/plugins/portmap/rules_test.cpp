// iptables' rules are those of the reference plugin, word for word, and either plugin goes on where
// the other one stopped.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class PortmapRules : public EachWay {
protected:
    static Mappings several() {
        return {mapping(8080, 80), mapping(8081, 81, "udp"), mapping(8082, 82, "sctp"),
                mapping(8083, 83, "tcp", "10.1.2.3"), mapping(8085, 85, "tcp", "2001:db8::1")};
    }
    PluginRun run(const std::string& command, const json& keys = json::object(),
                  const Mappings& mappings = several()) const {
        PluginArgs call_args{.container_id = "ctr-aaaa", .netns = "/run/netns/x"};
        json all = config(some_result(), mappings, {{"name", "mynet"}});
        all.merge_patch(keys);
        return call(command, call_args, all);
    }
    void succeed(const std::string& command, const json& keys = json::object(),
                 const Mappings& mappings = several()) const {
        const PluginRun finished = run(command, keys, mappings);
        EXPECT_TRUE(finished.ok()) << command << ": " << finished.report();
    }
    /// What each plugin makes of a configuration. Only ours leaves ::1 to the host.
    void expect_the_reference_rules(const json& keys, const Mappings& mappings = several()) {
        succeed("ADD", keys, mappings);
        std::string ours = rules();
        for (const std::string hook : {"-A PREROUTING", "-A OUTPUT"}) {
            const std::string exception = hook + " ! -d ::1/128 -m addrtype";
            const auto at = ours.find(exception);
            ASSERT_NE(at, ours.npos) << ours;
            ours.replace(at, exception.size(), hook + " -m addrtype");
        }
        ASSERT_FALSE(enter_sandbox());
        use(way());
        call_reference();
        succeed("ADD", keys, mappings);
        EXPECT_EQ(ours, rules());
    }
};

INSTANTIATE_TEST_SUITE_P(Iptables, PortmapRules, ::testing::ValuesIn(iptables_ways),
                         [](const auto& way) { return to_string(way.param); });

constexpr const char* rules_of_ctr_aaaa =
    R"(-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
-A CNI-DN-b4d1a5abaea4aec625028 -s 10.88.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80
-A CNI-DN-b4d1a5abaea4aec625028 -s 10.88.0.0/24 -p udp -m udp --dport 8081 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -s 127.0.0.1/32 -p udp -m udp --dport 8081 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -p udp -m udp --dport 8081 -j DNAT --to-destination 10.88.0.2:81
-A CNI-DN-b4d1a5abaea4aec625028 -s 10.88.0.0/24 -p sctp -m sctp --dport 8082 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -s 127.0.0.1/32 -p sctp -m sctp --dport 8082 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -p sctp -m sctp --dport 8082 -j DNAT --to-destination 10.88.0.2:82
-A CNI-DN-b4d1a5abaea4aec625028 -s 10.88.0.0/24 -d 10.1.2.3/32 -p tcp -m tcp --dport 8083 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -s 127.0.0.1/32 -d 10.1.2.3/32 -p tcp -m tcp --dport 8083 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-b4d1a5abaea4aec625028 -d 10.1.2.3/32 -p tcp -m tcp --dport 8083 -j DNAT --to-destination 10.88.0.2:83
-A CNI-HOSTPORT-DNAT -p sctp -m comment --comment "dnat name: \"mynet\" id: \"ctr-aaaa\"" -m multiport --dports 8082 -j CNI-DN-b4d1a5abaea4aec625028
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"mynet\" id: \"ctr-aaaa\"" -m multiport --dports 8080,8083,8085 -j CNI-DN-b4d1a5abaea4aec625028
-A CNI-HOSTPORT-DNAT -p udp -m comment --comment "dnat name: \"mynet\" id: \"ctr-aaaa\"" -m multiport --dports 8081 -j CNI-DN-b4d1a5abaea4aec625028
-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
)";

TEST_P(PortmapRules, WordForWord) {
    succeed("ADD");
    const std::string text = rules();
    EXPECT_THAT(text, HasSubstr(rules_of_ctr_aaaa));
    EXPECT_THAT(text, HasSubstr("-s fd00:88::/64 -p tcp -m tcp --dport 8080 -j "
                                "CNI-HOSTPORT-SETMARK\n"));
    EXPECT_THAT(text, HasSubstr("-d 2001:db8::1/128 -p tcp -m tcp --dport 8085 -j DNAT "
                                "--to-destination [fd00:88::2]:85\n"));
}

TEST_P(PortmapRules, TheReferencePluginMakesTheSame) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    expect_the_reference_rules(json::object());
}

TEST_P(PortmapRules, TheReferencePluginMakesTheSameWithOtherKeys) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const json variants[] = {{{"snat", false}},
                             {{"markMasqBit", 5}},
                             {{"conditionsV4", {"!", "-s", "192.0.2.0/24", "-d", "10.1.2.3"}},
                              {"conditionsV6", {"-s", "2001:db8::/32"}}}};
    for (const json& keys : variants) {
        ASSERT_FALSE(enter_sandbox());
        use(way());
        call_ours();
        expect_the_reference_rules(keys);
    }
}

// iptables keeps no word of it, so none may be missed.
TEST_P(PortmapRules, AnyAddressIsNoCondition) {
    const json keys = {{"conditionsV4", {"-s", "0.0.0.0/0"}}, {"conditionsV6", {"-d", "::/0"}}};
    succeed("ADD", keys);
    succeed("CHECK");
    succeed("CHECK", keys);
}

TEST_P(PortmapRules, FifteenPortsForEachJump) {
    Mappings mappings;
    for (int port = 1; port <= 31; ++port) mappings.push_back(mapping(port, port));
    succeed("ADD", json::object(), mappings);
    EXPECT_EQ(count("--dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 -j"), 2u);
    EXPECT_EQ(count("--dports 31 -j"), 2u);
}

TEST_P(PortmapRules, WhatTheReferencePluginAddedIsCheckedAndRemoved) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    call_reference();
    succeed("ADD");
    call_ours();
    // All mappings are there, but nothing keeps others from the host's own addresses.
    EXPECT_THAT(run("CHECK").error_message(), HasSubstr("the guard of the host's 127.0.0.0/8"));
    succeed("DEL", {{"runtimeConfig", nullptr}, {"prevResult", nullptr}});
    EXPECT_EQ(count("ctr-aaaa"), 0u) << rules();
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
}

TEST_P(PortmapRules, TheReferencePluginRemovesOurs) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    // The CHECK of Debian's looks for the IPv4 rules in both families: it fails with its own rules.
    succeed("ADD");
    call_reference();
    succeed("DEL");
    EXPECT_EQ(count("ctr-aaaa"), 0u) << rules();
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
}

// Names of chains are hashes of network and id without anything between.
TEST_P(PortmapRules, ChainsOfAmbiguousNamesAreToldApart) {
    const auto call_of = [&](const std::string& command, const std::string& network,
                             const std::string& id, int port) {
        const PluginArgs call_args{.container_id = id, .netns = "/run/netns/x"};
        const PluginRun finished = call(command, call_args,
                                        config(some_result(cat("10.88.0.", port - 8000, "/24")),
                                               {mapping(port, 80)}, {{"name", network}}));
        EXPECT_TRUE(finished.ok()) << command << network << id << finished.report();
    };
    const std::string of_victim = "--dport 8002 -j DNAT", of_other = "--dport 8003 -j DNAT";
    call_of("ADD", "net1", "c1", 8002);
    call_of("DEL", "net", "1c1", 8003);
    EXPECT_EQ(count(of_victim), 2u) << rules();
    call_of("ADD", "net", "1c1", 8003);
    EXPECT_EQ(count(of_victim), 2u) << rules();
    EXPECT_EQ(count(of_other), 2u) << rules();
    call_of("CHECK", "net1", "c1", 8002);
    call_of("CHECK", "net", "1c1", 8003);
    call_of("ADD", "net", "1c1", 8003);
    EXPECT_EQ(count(of_other), 2u) << rules();
    const PluginRun gc = call("GC", {},
                              {{"cniVersion", "1.1.0"},
                               {"name", "net"},
                               {"type", "portmap"},
                               {"cni.dev/valid-attachments", json::array()}});
    EXPECT_TRUE(gc.ok()) << gc.report();
    EXPECT_EQ(count(of_victim), 2u) << rules();
    EXPECT_EQ(count(of_other), 0u) << rules();
    call_of("ADD", "net", "1c1", 8003);
    call_of("DEL", "net1", "c1", 8002);
    EXPECT_EQ(count(of_victim), 0u) << rules();
    EXPECT_EQ(count(of_other), 2u) << rules();
    call_of("CHECK", "net", "1c1", 8003);
    call_of("DEL", "net", "1c1", 8003);
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
}

// The reference plugin's are one chain.
TEST_P(PortmapRules, AChainThatTheReferencePluginSharesIsRemovedByHalves) {
    if (!reference_dir()) GTEST_SKIP() << "no reference plugins";
    const auto call_of = [&](const std::string& command, const std::string& network,
                             const std::string& id, int host) {
        const PluginArgs call_args{.container_id = id, .netns = "/run/netns/x"};
        const PluginRun finished =
            call(command, call_args,
                 config(some_result(cat("10.88.0.", host, "/24"), cat("fd00:88::", host, "/64")),
                        {mapping(8000 + host, 80)}, {{"name", network}}));
        EXPECT_TRUE(finished.ok()) << command << network << id << finished.report();
    };
    call_reference();
    call_of("ADD", "net1", "c1", 2);
    call_of("ADD", "net", "1c1", 3);
    call_ours();
    call_of("DEL", "net", "1c1", 3);
    EXPECT_EQ(count("--dport 8002 -j DNAT"), 2u) << rules();
    EXPECT_EQ(count("--dport 8003 -j DNAT"), 0u) << rules();
    call_of("DEL", "net1", "c1", 2);
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
}

// Of Debian's there is none with this backend.
constexpr const char* nftables_of_the_reference = R"(
table ip cni_hostport {
	comment "CNI portmap plugin"
	chain hostports {
		tcp dport 8080 dnat to 10.88.0.2:80 comment "ctr-aaaa"
		udp dport 8081 dnat to 10.88.0.2:81 comment "ctr-aaaa"
		ip daddr 10.1.2.3 tcp dport 8083 dnat to 10.88.0.2:83 comment "ctr-aaaa"
		tcp dport 9080 dnat to 10.88.0.3:80 comment "ctr-bbbb"
	}
	chain hostip_hostports { ip daddr 10.1.2.4 tcp dport 8084 dnat to 10.88.0.2:84 comment "ctr-aaaa"; }
	chain hostports_all { jump hostip_hostports; jump hostports; }
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump hostports_all
	}
	chain output {
		type nat hook output priority -100; policy accept;
		fib daddr type local jump hostports_all
	}
	chain masquerading {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.88.0.2 ip daddr 10.88.0.2 masquerade comment "ctr-aaaa"
		ip saddr 0.0.0.0/0 ip daddr 10.88.0.2 masquerade comment "ctr-aaaa"
		ip saddr 127.0.0.1 ip daddr 10.88.0.3 masquerade comment "ctr-bbbb"
	}
}
table ip6 cni_hostport {
	chain hostports { tcp dport 8080 dnat to [fd00:88::2]:80 comment "ctr-aaaa"; }
	chain hostip_hostports { }
	chain hostports_all { jump hostip_hostports; jump hostports; }
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump hostports_all
	}
	chain masquerading {
		type nat hook postrouting priority srcnat; policy accept;
		ip6 saddr fd00:88::2 ip6 daddr fd00:88::2 masquerade comment "ctr-aaaa"
	}
})";

// Though another one is configured today.
TEST_P(PortmapRules, NftablesRulesOfTheReferencePluginAreRemoved) {
    const auto rules_with = [](std::string_view part) {
        const std::string all = output_of({"nft", "list", "ruleset"});
        const auto lines = split(all, '\n');
        return std::ranges::count_if(
            lines, [&](std::string_view line) { return line.find(part) != line.npos; });
    };
    output_of({"nft", "-f", "-"}, nftables_of_the_reference);
    EXPECT_EQ(rules_with("ctr-aaaa"), 8);
    succeed("DEL");
    EXPECT_EQ(rules_with("ctr-aaaa"), 0);
    EXPECT_EQ(rules_with("ctr-bbbb"), 2);
    EXPECT_EQ(rules_with("jump hostports_all"), 3);
}

TEST_P(PortmapRules, AnotherMarkHasChainsOfItsOwn) {
    succeed("ADD");
    json other =
        config(some_result(), {mapping(9080, 80)}, {{"name", "mynet"}, {"markMasqBit", 5}});
    const PluginArgs call_args{.container_id = "ctr-bbbb", .netns = "/run/netns/y"};
    EXPECT_TRUE(call("ADD", call_args, other).ok());
    EXPECT_EQ(count("-j MARK --set-xmark 0x2000/0x2000"), 2u);
    EXPECT_EQ(count("-j MARK --set-xmark 0x20/0x20"), 2u);
    EXPECT_EQ(count("-A CNI-HOSTPORT-SETMARK "), 2u) << rules();
    EXPECT_EQ(count("--dport 9080 -j CNI-HOSTPORT-SETMARK-5"), 3u) << rules();
    EXPECT_TRUE(call("CHECK", call_args, other).ok());
    succeed("CHECK");
}

TEST_P(PortmapRules, AnExternalMarkChainIsUsedAndHasToExist) {
    const json keys = {{"externalSetMarkChain", "OTHERS"}};
    EXPECT_THAT(run("ADD", keys).error_message(), HasSubstr("Chain 'OTHERS' does not exist"));
    EXPECT_EQ(count("CNI-DN-"), 0u);
    // Of one family only: what was made in the other is taken back.
    iptables("-t nat -N OTHERS", '4');
    EXPECT_FALSE(run("ADD", keys).ok());
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
    iptables("-t nat -N OTHERS", '6');
    succeed("ADD", keys);
    EXPECT_EQ(count("--dport 8080 -j OTHERS"), 3u) << rules();
    EXPECT_EQ(count("CNI-HOSTPORT-SETMARK"), 0u) << rules();
    succeed("CHECK", keys);
}

TEST_P(PortmapRules, CheckMissesEveryRule) {
    succeed("ADD");
    for (const char family : {'4', '6'}) {
        const std::string list = iptables("-t nat -S", family);
        for (const std::string_view line : split(list, '\n')) {
            if (!line.starts_with("-A ") || line.find("CNI-") == line.npos) continue;
            output_of({"sh", "-c",
                       cat(family == '4' ? "iptables" : "ip6tables",
                           way() == Way::iptables_legacy ? "-legacy" : "-nft", " -t nat -D ",
                           line.substr(3))});
            const PluginRun missing = run("CHECK");
            EXPECT_EQ(missing.error_code(), 999) << line;
            EXPECT_THAT(missing.error_message(),
                        HasSubstr(family == '4' ? "could not check ipv4 dnat: "
                                                : "could not check ipv6 dnat: "))
                << line;
            succeed("ADD");
            succeed("CHECK");
            if (HasFailure()) return;
        }
    }
}

TEST_P(PortmapRules, GcLeavesChainsOfOthersAlone) {
    succeed("ADD");
    iptables("-t nat -A HOST -j RETURN");
    output_of({"sh", "-c",
               cat(way() == Way::iptables_legacy ? "iptables-legacy" : "iptables-nft",
                   " -t nat -A CNI-HOSTPORT-DNAT -m comment --comment 'dnat name: \"mynet\" id: "
                   "\"x\"' -j HOST")});
    const json gc = {{"cniVersion", "1.1.0"},
                     {"name", "mynet"},
                     {"type", "portmap"},
                     {"cni.dev/valid-attachments", json::array()}};
    const PluginRun finished = call("GC", {}, gc);
    EXPECT_TRUE(finished.ok()) << finished.report();
    EXPECT_EQ(count("CNI-DN-"), 0u) << rules();
    EXPECT_EQ(count("-A HOST -j RETURN"), 1u) << rules();
}

// Asking would make the kernel load it.
TEST_F(PortmapTest, CheckLoadsNoTable) {
    output_of({"iptables-legacy", "-t", "filter", "-N", "MINE"});
    const json all = config(some_result(), {mapping(8080, 80)}, {{"backend", "iptables"}});
    const PluginRun finished = call("CHECK", {.netns = "/run/netns/x"}, all);
    EXPECT_EQ(finished.error_message(),
              "could not check ipv4 dnat: iptables (legacy) has no table nat");
    EXPECT_EQ(output_of({"cat", "/proc/net/ip_tables_names"}), "filter\n");
}

}  // namespace
}  // namespace cni::test
