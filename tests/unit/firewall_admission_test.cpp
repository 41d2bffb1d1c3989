#include <gtest/gtest.h>

#include "plugins/firewall/admission_config.h"
#include "plugins/firewall/config.h"
#include "support/thrown.h"

namespace cni::firewall {
namespace {

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(R"({"cniVersion": "1.0.0", "name": "net1", )" + keys + "}"));
}

Admission admission(const std::string& keys) {
    return parse(keys).admission;
}

Error rejected(const std::string& keys) {
    return test::thrown([&] { parse(keys); });
}

Error rejected_entry(const std::string& entry) {
    return rejected(R"("egress": [{}, )" + entry + "]");
}

std::optional<Prefix> prefix(const char* text) {
    return Prefix::parse(text);
}

TEST(FirewallAdmission, WithoutKeysEverythingIsLetThrough) {
    const Admission none = admission(R"("type": "firewall")");
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(none.lets_host_in);
    EXPECT_TRUE(admission(R"("ingress": null, "egress": null, "gate": null)").empty());
    EXPECT_TRUE(admission(R"("ingressFromHost": false)").empty());
}

TEST(FirewallAdmission, AnEmptyListLetsNothingThrough) {
    const Admission closed = admission(R"("ingress": [])");
    EXPECT_EQ(closed.ingress, Allowances{});
    EXPECT_FALSE(closed.egress);
    EXPECT_FALSE(closed.empty());
    EXPECT_EQ(closed.key(), "ingress");
    EXPECT_EQ(admission(R"("egress": [])").key(), "egress");
    EXPECT_EQ(admission(R"("gate": true)").key(), "gate");
}

TEST(FirewallAdmission, AnEntryIsCidrsTimesPorts) {
    const Admission out = admission(
        R"("egress": [{"cidrs": ["10.0.0.0/8", "fd00::/8"], "protocol": "TCP",
                       "ports": [443, "8000-8100"]},
                      {"cidrs": ["192.0.2.1/32"]}, {"protocol": "icmp"},
                      {"protocol": "udp", "ports": ["53-53", "0001-65535"]}, {}])");
    const auto tcp = Protocol::tcp;
    const auto udp = Protocol::udp;
    const PortRange https{443, 443}, web{8000, 8100}, dns{53, 53}, all{1, 65535};
    const Allowances wanted{{prefix("10.0.0.0/8"), tcp, https},
                            {prefix("10.0.0.0/8"), tcp, web},
                            {prefix("fd00::/8"), tcp, https},
                            {prefix("fd00::/8"), tcp, web},
                            {prefix("192.0.2.1/32"), {}, {}},
                            {{}, Protocol::icmp, {}},
                            {{}, udp, dns},
                            {{}, udp, all},
                            {}};
    EXPECT_EQ(out.egress, wanted);
    EXPECT_FALSE(out.ingress);
}

TEST(FirewallAdmission, TheRuntimesListReplacesTheConfigurationsPerDirection) {
    const std::string configured = R"("ingress": [{"protocol": "tcp"}],
                                      "egress": [{"protocol": "udp"}])";
    const Allowances tcp{{{}, Protocol::tcp, {}}}, udp{{{}, Protocol::udp, {}}};
    const Admission replaced =
        admission(configured + R"(, "runtimeConfig": {"ingress": [], "egress": null})");
    EXPECT_EQ(replaced.ingress, Allowances{});
    EXPECT_EQ(replaced.egress, udp);
    EXPECT_EQ(admission(R"("runtimeConfig": {"ingress": [{"protocol": "tcp"}]})").ingress, tcp);
    // What does not count has to be right all the same.
    EXPECT_EQ(rejected(R"("ingress": [{"protocol": "x"}], "runtimeConfig": {"ingress": []})").msg,
              "\"ingress[0].protocol\" must be one of tcp, udp, sctp, icmp");
    EXPECT_EQ(rejected(R"("runtimeConfig": {"egress": [{"protocol": "x"}]})").msg,
              "\"runtimeConfig.egress[0].protocol\" must be one of tcp, udp, sctp, icmp");
}

TEST(FirewallAdmission, WrongListsAreNamed) {
    EXPECT_EQ(rejected(R"("ingress": {})").msg, "\"ingress\" must be a list, not an object");
    EXPECT_EQ(rejected(R"("ingress": ["10.0.0.0/8"])").msg,
              "\"ingress[0]\" must be an object with cidrs, protocol and ports");
    EXPECT_EQ(rejected(R"("gate": "yes")").msg, "\"gate\" must be true or false, not a string");
    EXPECT_EQ(rejected(R"("ingressFromHost": 1)").msg,
              "\"ingressFromHost\" must be true or false, not a number");
    std::string ports;
    for (int port = 1; port <= 1001; ++port) ports += cat(port == 1 ? "" : ",", port);
    EXPECT_EQ(rejected(R"("ingress": [{"protocol": "tcp", "ports": [)" + ports + "]}]").msg,
              "\"ingress\" lists more than 1000 rules, CIDRs times ports of all its entries");
}

TEST(FirewallAdmission, WrongEntriesAreNamed) {
    struct Case {
        const char *entry, *message;
    };
    for (const auto& [entry, message] : std::vector<Case>{
             {R"({"cidr": ["10.0.0.0/8"]})", "\"egress[1]\" has an unknown key \"cidr\""},
             {R"({"port": [80]})", "\"egress[1]\" has an unknown key \"port\""},
             {R"({"cidrs": "10.0.0.0/8"})", "\"egress[1].cidrs\" must be a list, not a string"},
             {R"({"cidrs": ["10.0.0.0/8", "10.0.0.1"]})", "invalid CIDR address: 10.0.0.1"},
             {R"({"cidrs": ["10.0.0.0/33"]})", "invalid CIDR address: 10.0.0.0/33"},
             {R"({"cidrs": [7]})", "\"egress[1].cidrs[0]\" must be a string, not a number"},
             {R"({"cidrs": [null]})", "\"egress[1].cidrs[0]\" must be a string, not null"},
             {R"({"cidrs": ["10.1.2.3/8"]})", "\"egress[1].cidrs[0]\" has bits beyond its length"},
             {R"({"cidrs": ["fd00::1/64"]})", "\"egress[1].cidrs[0]\" has bits beyond its length"},
             {R"({"cidrs": []})", "\"egress[1].cidrs\" is an empty list: leave it out for any"},
             {R"({"protocol": "gre"})",
              "\"egress[1].protocol\" must be one of tcp, udp, sctp, icmp"},
             {R"({"protocol": 6})", "\"egress[1].protocol\" must be a string, not a number"},
             {R"({"ports": [80]})",
              "\"egress[1].ports\" need a protocol that has ports: tcp, udp or sctp"},
             {R"({"protocol": "icmp", "ports": [80]})",
              "\"egress[1].ports\" need a protocol that has ports: tcp, udp or sctp"},
             {R"({"protocol": "tcp", "ports": 80})",
              "\"egress[1].ports\" must be a list, not a number"},
             {R"({"protocol": "tcp", "ports": []})",
              "\"egress[1].ports\" is an empty list: leave it out for any"},
             {R"({"protocol": "tcp", "ports": [0]})",
              "\"egress[1].ports[0]\" must be between 1 and 65535"},
             {R"({"protocol": "tcp", "ports": [65536]})",
              "\"egress[1].ports[0]\" must be between 1 and 65535"},
             {R"({"protocol": "tcp", "ports": [1.5]})",
              "\"egress[1].ports[0]\" must be an integer without fraction or exponent"},
             {R"({"protocol": "tcp", "ports": [true]})",
              "\"egress[1].ports[0]\" must be an integer, not a bool"}})
        EXPECT_EQ(rejected_entry(entry).msg, message) << entry;
    for (const char* range : {"", "80", "-", "1-", "-1", "2-1", "0-1", "1-65536", "1-2-3", "a-b",
                              "1 - 2", "http", "1:2", "+1-2"})
        EXPECT_EQ(rejected_entry(cat(R"({"protocol": "tcp", "ports": [")", range, "\"]}")).msg,
                  "\"egress[1].ports[0]\" must be a port, or a range of them like \"8000-8100\"")
            << range;
    EXPECT_EQ(rejected_entry(R"({"cidrs": ["10.1.2.3/8"]})").details,
              "\"10.1.2.3/8\" may be 10.0.0.0/8 or 10.1.2.3/32");
}

TEST(FirewallAdmission, IptablesHasNoPlaceForIt) {
    for (const char* key : {"\"ingress\": []", "\"egress\": []", "\"gate\": true"})
        EXPECT_EQ(rejected(cat("\"backend\": \"iptables\", ", key)).msg,
                  cat(std::string_view(key).substr(0, std::string_view(key).find(':')),
                      " needs the backend \"nftables\""));
    EXPECT_TRUE(parse(R"("backend": "iptables", "gate": false)").admission.empty());
}

}  // namespace
}  // namespace cni::firewall
