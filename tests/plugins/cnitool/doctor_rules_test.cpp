// cnitool doctor: rules of others that keep containers from talking, in each place that a host may
// have rules in; and rules that look so and do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A node with one container, 10.1.2.2 on bridge cni1, and a way out by the interface "out".
class CnitoolDoctorRules : public NodeTest {
protected:
    void SetUp() override {
        NodeTest::SetUp();
        if (IsSkipped()) return;
        json list = network();
        list["plugins"][0]["ipMasq"] = true;
        list["plugins"][0]["ipMasqBackend"] = "nftables";
        write_network(list);
        c1_.emplace("c1");
        add(*c1_);
        sh("echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || :; "
           "ip link add out up type veth peer name farend; ip link set farend up; "
           "ip addr add 192.0.2.1/24 dev out; ip route add default via 192.0.2.9");
    }

    static void sh(const std::string& command) { output_of({"sh", "-ec", command}); }
    Finished doctor() const { return tool({"doctor"}); }

    void expect_healthy(const std::string& behind) const {
        const Finished found = doctor();
        EXPECT_EQ(found.out, "") << behind;
        EXPECT_EQ(found.exit_code(), 0) << behind << found.err;
    }

    static void clear(const std::string& iptables) {
        for (const std::string table : {"filter", "nat", "raw"})
            sh(cat("for what in -F -X '-P FORWARD ACCEPT'; do ", iptables, " -t ", table,
                   " $what 2>/dev/null || :; done; nft delete table ip ", table,
                   " 2>/dev/null || :"));
    }

    /// Rules as iptables takes them, "-A FORWARD ...", a line each, in both of its places.
    template <typename Do>
    static void in_both_places(const std::string& rules, Do look) {
        for (const std::string flavour : {"legacy", "nft"}) {
            const std::string iptables = cat("iptables-", flavour);
            std::string script;
            for (std::size_t at = 0; at < rules.size();) {
                const auto end = std::min(rules.find('\n', at), rules.size());
                script += cat(iptables, " ", rules.substr(at, end - at), "\n");
                at = end + 1;
            }
            sh(script);
            look(flavour == "legacy" ? "iptables (legacy)" : "iptables (nf_tables)");
            clear(iptables);
        }
    }

    struct Case {
        std::string rules;
        std::vector<std::string> words;  ///< of the finding
    };
    void expect_found(const std::string& name, const std::vector<Case>& cases) const {
        for (const Case& each : cases)
            in_both_places(each.rules, [&](const std::string& place) {
                const Finished found = doctor();
                EXPECT_THAT(found.out, AllOf(HasSubstr(cat(" ", name, ": ")), HasSubstr(place)))
                    << each.rules << found.err;
                for (const std::string& word : each.words)
                    EXPECT_THAT(found.out, HasSubstr(word)) << each.rules;
                EXPECT_THAT(found.out, HasSubstr("; mend: "));
            });
        expect_healthy(name);
    }
    void expect_found_natively(const std::string& rules, const std::vector<std::string>& words) {
        sh(cat("nft '", rules, "'"));
        const Finished found = doctor();
        for (const std::string& word : words) EXPECT_THAT(found.out, HasSubstr(word)) << rules;
        EXPECT_EQ(found.exit_code(), 2) << rules << found.err;
        sh("nft delete table inet guard");
        expect_healthy(rules);
    }

    std::optional<TestNetns> c1_;
};

TEST_F(CnitoolDoctorRules, NamesWhatDropsWhatIsForwarded) {
    expect_found(
        "forward-drop",
        {{"-P FORWARD DROP", {"the policy of chain FORWARD", R"(add {"type":"firewall"} to)"}},
         {"-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n-P FORWARD DROP", {"it has rules of Docker"}},
         {"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
          "-A FORWARD -j REJECT --reject-with icmp-host-prohibited",
          {"what containers of net1 send is dropped (rule 2 of chain FORWARD"}},
         {"-A FORWARD -i docker0 -j ACCEPT\n-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\n"
          "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n-P FORWARD DROP",
          {"the policy"}},
         {"-N mine\n-A mine ! -s 10.0.0.0/8 -j RETURN\n-A mine -j DROP\n-A FORWARD -j mine",
          {"rule 2 of chain mine in table filter"}},
         {"-A FORWARD -i cni1 -j ACCEPT\n-P FORWARD DROP",
          {"what answers containers of net1 is dropped (the policy"}}});
}

TEST_F(CnitoolDoctorRules, NamesWhatDropsInNativeTables) {
    const std::string chain =
        "add table inet guard; add chain inet guard forward { type filter hook forward priority "
        "0;";
    expect_found_natively(cat(chain, " policy drop; }"),
                          {"error forward-drop: what containers of net1 send is dropped (the "
                           "policy of chain forward in nftables table inet guard",
                           "mend: nft 'insert rule inet guard forward iifname \"cni1\" accept"});
    expect_found_natively(cat(chain,
                              " }; add rule inet guard forward ct state established,related "
                              "accept; add rule inet guard forward reject"),
                          {"rule 2 of chain forward"});
    expect_found_natively(
        cat(chain,
            " }; add set inet guard trusted { type ifname; elements = { lo, eth7 } }; "
            "add rule inet guard forward iifname @trusted accept; "
            "add chain inet guard rest; add rule inet guard rest counter drop; "
            "add rule inet guard forward meta nfproto ipv4 goto rest"),
        {"rule 1 of chain rest"});
    expect_found_natively(cat(chain,
                              " }; add rule inet guard forward iifname vmap { \"eth7\" : accept, "
                              "\"cni1\" : drop }"),
                          {"rule 1 of chain forward"});
    expect_found_natively(cat(chain,
                              " policy drop; }; add rule inet guard forward iifname cni1 "
                              "accept"),
                          {"what answers containers of net1"});
}

TEST_F(CnitoolDoctorRules, NamesAFirewallThatStandsBehindADrop) {
    const std::string ours =
        "\n-N CNI-FORWARD\n-A CNI-FORWARD -s 10.1.2.2/32 -j ACCEPT\n"
        "-A FORWARD -m comment --comment x -j CNI-FORWARD";
    expect_found("firewall-shadowed",
                 {{cat("-A FORWARD -j DROP", ours),
                   {"rule 1 of chain FORWARD", "the jump to CNI-FORWARD is rule 2"}},
                  {cat("-N KUBE-ROUTER-X\n-A KUBE-ROUTER-X -i cni1 -j REJECT\n"
                       "-A FORWARD -j KUBE-ROUTER-X",
                       ours),
                   {"rule 1 of chain KUBE-ROUTER-X", " -D FORWARD 3"}}});
}

TEST_F(CnitoolDoctorRules, NamesAPortThatAnotherRuleTakes) {
    const std::string ours =
        "-t nat -N CNI-HOSTPORT-DNAT\n-t nat -N CNI-DN-1\n"
        "-t nat -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment x -m multiport --dports 8080,8443 "
        "-j CNI-DN-1\n";
    const std::string jump =
        "\n-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT";
    expect_found(
        "port-shadowed",
        {{cat(ours, "-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.9.9.9",
              jump),
          {"port 8080/tcp does not lead to the container",
           "the jump to CNI-HOSTPORT-DNAT is rule "
           "2"}},
         {cat(ours,
              "-t nat -N DOCKER\n-t nat -A DOCKER ! -i docker0 -p tcp --dport 8443 -j DNAT "
              "--to-destination 172.17.0.2:443\n"
              "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
              jump),
          {"port 8443/tcp", "rule 1 of chain DOCKER in table nat"}},
         {cat(ours, "-t nat -A PREROUTING -i out -j RETURN", jump), {"8080/tcp", "8443/tcp"}}});
}

TEST_F(CnitoolDoctorRules, NamesWhatKeepsFromMasquerading) {
    const std::string ours =
        "-t nat -N CNI-1\n-t nat -A CNI-1 -d 10.1.2.0/24 -j ACCEPT\n"
        "-t nat -A CNI-1 ! -d 224.0.0.0/4 -j MASQUERADE\n";
    const std::string jump =
        "\n-t nat -A POSTROUTING -s 10.1.2.2/32 -m comment --comment x -j CNI-1";
    expect_found("masquerade-shadowed",
                 {{cat(ours, "-t nat -A POSTROUTING -o out -j ACCEPT", jump),
                   {"rule 1 of chain POSTROUTING", "-D POSTROUTING 1"}},
                  {cat(ours, "-t nat -A POSTROUTING -s 10.0.0.0/8 -j RETURN", jump), {"rule 1"}}});
    expect_found("masquerades-all",
                 {{cat(ours, "-t nat -A POSTROUTING -j MASQUERADE", jump), {"warning "}}});
}

TEST_F(CnitoolDoctorRules, NamesRulesInBothPlacesOfIptables) {
    sh("iptables-legacy -A INPUT -i lo -j ACCEPT");
    expect_healthy("legacy rules alone");
    sh("iptables-nft -t nat -A PREROUTING -i lo -j ACCEPT");
    EXPECT_THAT(doctor().out, AllOf(HasSubstr("warning mixed-backends: "),
                                    HasSubstr("(legacy: filter; nf_tables: nat); mend: ")));
    sh("iptables-legacy -F INPUT");
    expect_healthy("rules in nf_tables alone");
}

TEST_F(CnitoolDoctorRules, FindsNothingWhereContainersAreLetThrough) {
    const std::string answers = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    for (const std::string& rules :
         {// By interface, by address, by what only some packets have.
          cat(answers, "-A FORWARD -i cni1 -j ACCEPT\n-P FORWARD DROP"),
          cat(answers, "-A FORWARD -s 10.1.2.0/24 -o out -j ACCEPT\n-A FORWARD -j REJECT"),
          cat(answers, "-A FORWARD -i cni1 -p tcp --dport 443 -j ACCEPT\n-P FORWARD DROP"),
          // Drops that are for others.
          std::string("-A FORWARD -i docker0 -j DROP\n-A FORWARD ! -s 10.1.0.0/16 -o docker0 -j "
                      "DROP\n-A FORWARD -m conntrack --ctstate INVALID -j DROP"),
          std::string("-A FORWARD -p tcp --dport 25 -j DROP\n-A FORWARD -d 198.51.100.0/24 -j "
                      "REJECT"),
          // As Docker has it, and the plugin firewall ahead of it.
          std::string("-N CNI-FORWARD\n-N CNI-ADMIN\n-N DOCKER-USER\n-N DOCKER\n"
                      "-A FORWARD -m comment --comment x -j CNI-FORWARD\n"
                      "-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER\n"
                      "-A DOCKER-USER -j RETURN\n-A DOCKER ! -i docker0 -o docker0 -j DROP\n"
                      "-A CNI-FORWARD -j CNI-ADMIN\n"
                      "-A CNI-FORWARD -d 10.1.2.2/32 -m conntrack --ctstate RELATED,ESTABLISHED "
                      "-j ACCEPT\n-A CNI-FORWARD -s 10.1.2.2/32 -j ACCEPT\n-P FORWARD DROP"),
          // Ports and addresses of others.
          std::string("-t nat -N CNI-HOSTPORT-DNAT\n-t nat -N CNI-DN-1\n"
                      "-t nat -A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN-1\n"
                      "-t nat -A PREROUTING -p tcp --dport 8081 -j DNAT --to-destination 10.9.9.9\n"
                      "-t nat -A PREROUTING -p udp --dport 8080 -j DNAT --to-destination 10.9.9.9\n"
                      "-t nat -A PREROUTING -d 192.0.2.77 -j DNAT --to-destination 10.9.9.9\n"
                      "-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"),
          std::string("-t nat -N CNI-1\n"
                      "-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
                      "-t nat -A POSTROUTING -d 10.0.0.0/8 -j ACCEPT\n"
                      "-t nat -A POSTROUTING -s 10.1.2.2/32 -j CNI-1")})
        in_both_places(rules, [&](const std::string& place) { expect_healthy(cat(place, rules)); });
}

TEST_F(CnitoolDoctorRules, FindsNothingInNativeTablesThatLetThrough) {
    const std::string chain =
        "add table inet guard; add chain inet guard forward { type filter hook forward priority "
        "0; policy drop; }; add rule inet guard forward ct state vmap { established : accept, "
        "related : accept, invalid : drop }; add rule inet guard forward ";
    for (const std::string rule :
         {"iifname \"cni*\" accept", "iifname { \"lo\", \"cni1\" } accept",
          "ip saddr 10.1.0.0/16 accept", "ip saddr { 10.1.2.0/24, 10.7.0.0/16 } accept",
          "iifname . oifname { \"cni1\" . \"out\" } accept", "ip daddr != 10.0.0.0/8 accept",
          "tcp dport { 80, 443 } accept", "meta cgroup 7 accept"}) {
        sh(cat("nft '", chain, rule, "'"));
        expect_healthy(rule);
        sh("nft delete table inet guard");
    }
}

/// What the plugins make themselves, on a host that drops.
TEST_F(CnitoolDoctorRules, FindsNothingWhereThePluginFirewallLetsThrough) {
    for (const std::string flavour : {"legacy", "nft"}) {
        const std::string iptables = cat("iptables-", flavour);
        sh(cat(iptables, " -P FORWARD DROP; ", iptables, " -A FORWARD -i docker0 -j ACCEPT"));
        EXPECT_THAT(doctor().out, HasSubstr("forward-drop"));
        const TestNetns c2("c2");
        json list = network();
        list["name"] = "net2";
        list["plugins"][0]["bridge"] = "cni2";
        list["plugins"][0]["ipMasq"] = true;
        list["plugins"][0]["ipam"]["subnet"] = "10.1.3.0/24";
        list["plugins"].push_back(
            {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}});
        list["plugins"].push_back({{"type", "firewall"}});
        write_network(list);
        const Finished added =
            tool({"add", "net2", c2.path()},
                 {R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80}]})"});
        ASSERT_TRUE(added.ok()) << added.err;
        sh(cat(iptables, " -I FORWARD -i cni1 -j ACCEPT; ", iptables,
               " -I FORWARD -o cni1 -j "
               "ACCEPT"));
        expect_healthy(flavour);
        EXPECT_TRUE(tool({"del", "net2", c2.path()}).ok());
        sh(cat("rm ", net_d_.path(), "/net2.conflist; ip link del cni2; ", iptables,
               " -P FORWARD ACCEPT"));
        clear(iptables);
    }
}

}  // namespace
}  // namespace cni::test
