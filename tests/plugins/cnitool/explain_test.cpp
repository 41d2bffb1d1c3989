// cnitool explain: it is true of what ADD then does, and it changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "node_fixture.h"
#include "support/snapshot.h"
#include "support/test_netns.h"
#include "sys/sysctl.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// Where the names may be that explain tells.
struct World {
    Snapshot host = take_snapshot();
    Snapshot container;

    explicit World(const TestNetns& netns)
        : container(netns.run([] { return take_network_snapshot(); })) {}
    bool operator==(const World&) const = default;

    bool has(std::string_view text) const {
        const auto in = [&](const std::string& all) { return all.find(text) != all.npos; };
        return in(host.links) || in(host.addresses) || in(host.routes) || in(host.nftables) ||
               in(host.iptables) || in(container.links) || in(container.addresses) ||
               in(container.routes) || in(container.rules);
    }
};

void PrintTo(const World& world, std::ostream* stream) {
    PrintTo(world.host, stream);
    PrintTo(world.container, stream);
}

/// What a line that begins so is about: "table inet cni_firewall {".
std::set<std::string> names_behind(const std::string& text, std::string_view begin) {
    std::set<std::string> names;
    for (const std::string_view line : split(text, '\n'))
        if (trim(line).starts_with(begin))
            names.emplace(trim(line.substr(line.find(begin) + begin.size(),
                                           line.rfind(' ') - line.find(begin) - begin.size())));
    return names;
}

class CnitoolExplain : public NodeTest {
protected:
    struct Step {
        std::string act, kind, name;
    };
    using Steps = std::vector<Step>;

    static json host_local() { return R"({"type":"host-local","subnet":"10.1.2.0/24"})"_json; }
    static json list(json plugins) {
        return {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"plugins", std::move(plugins)}};
    }

    static Steps steps_of(const json& explanation) {
        Steps steps;
        for (const json& plugin : explanation["plugins"])
            for (const json& step : plugin["steps"])
                steps.push_back({step["act"], step.value("kind", ""), step.value("name", "")});
        return steps;
    }
    json explain(const TestNetns& container) const {
        return parsed({"explain", "net1", container.path(), "-o", "json"});
    }

    static bool names(const Steps& steps, const std::string& kind, const std::string& name) {
        return std::ranges::any_of(
            steps, [&](const Step& step) { return step.kind == kind && step.name == name; });
    }

    /// What explain names is there once ADD is through.
    static void expect_there(const Step& step, const World& after) {
        // A device that is lent has another name in the container.
        if (step.act == "take" && step.kind == "interface") return;
        if (step.kind == "sysctl") {
            std::string key = step.name;
            std::ranges::replace(key, '.', '/');
            // Of the host, that is.
            if (key.find("/conf/eth0/") == key.npos) {
                EXPECT_EQ(find_sysctl(key), "1") << key;
            }
        } else if (step.kind == "port") {
            EXPECT_TRUE(after.has(step.name.substr(0, step.name.find('/')))) << step.name;
        } else if (step.kind == "qdisc") {
            EXPECT_THAT(after.host.queueing, HasSubstr(step.name));
        } else if (step.kind == "address" || step.kind == "rule") {
            EXPECT_TRUE(after.has(step.name.substr(0, step.name.find('/')))) << step.name;
        } else if (step.kind == "route") {
            const bool is_default = step.name.ends_with("/0");
            const auto whole = step.name.ends_with("/32") || step.name.ends_with("/128");
            EXPECT_TRUE(after.has(is_default ? "default"
                                  : whole    ? step.name.substr(0, step.name.find('/'))
                                             : step.name))
                << step.name;
        } else if (std::set<std::string>{"bridge", "veth", "ifb", "macvlan", "tap", "interface",
                                         "table", "chain", "map"}
                       .contains(step.kind)) {
            EXPECT_TRUE(after.has(step.name)) << step.kind << " " << step.name;
        }
    }

    /// Explain names their chains.
    static bool is_of_iptables(const std::string& table) {
        static const std::set<std::string, std::less<>> all = {"nat", "filter", "raw", "mangle"};
        return table.starts_with("ip") && all.contains(table.substr(table.find(' ') + 1));
    }

    /// What is new on the host was named.
    static void expect_named(const World& before, const World& after, const Steps& steps) {
        const std::pair<std::string, std::set<std::string>> kinds[] = {
            {"table", names_behind(after.host.nftables, "table ")}};
        for (const auto& [kind, found] : kinds) {
            for (const std::string& name : found) {
                if (!before.has(cat("table ", name)) && !is_of_iptables(name)) {
                    EXPECT_TRUE(names(steps, kind, name)) << kind << " " << name;
                }
            }
        }
        std::set<std::string> known;
        for (const json& link : lines(before.host.links)) known.insert(link["ifname"]);
        for (const json& link : lines(after.host.links)) {
            if (const std::string name = link["ifname"]; !known.contains(name)) {
                EXPECT_TRUE(
                    std::ranges::any_of(steps, [&](const Step& s) { return s.name == name; }))
                    << "interface " << name;
            }
        }
        for (const json& address : lines(after.host.addresses + "\n" + after.container.addresses)) {
            const std::string name = address.value("local", "");
            if (before.has(name)) continue;
            EXPECT_TRUE(std::ranges::any_of(steps,
                                            [&](const Step& step) {
                                                return step.kind == "address" &&
                                                       step.name.starts_with(name + "/");
                                            }))
                << "address " << name;
        }
    }
    static std::vector<json> lines(const std::string& text) {
        std::vector<json> all;
        for (const std::string_view line : split(text, '\n'))
            if (!line.empty()) all.push_back(json::parse(line));
        return all;
    }

    /// The whole: explain changes nothing, and ADD does what it said.
    Steps expect_true(const json& network, const std::vector<std::string>& environment = {}) {
        write_network(network);
        const TestNetns c1("c1");
        const World before(c1);
        const Finished told = tool({"explain", "net1", c1.path(), "-o", "json"}, environment);
        EXPECT_TRUE(told.ok()) << told.err << told.out;
        EXPECT_EQ(World(c1), before);
        const json explanation = json::parse(told.out);
        EXPECT_EQ(explanation["complete"], true) << told.out;
        const Steps steps = steps_of(explanation);
        const Finished added = tool({"add", "net1", c1.path()}, environment);
        EXPECT_TRUE(added.ok()) << added.err << told.out;
        const World after(c1);
        for (const Step& step : steps) expect_there(step, after);
        expect_named(before, after, steps);
        EXPECT_TRUE(tool({"del", "net1", c1.path()}, environment).ok());
        return steps;
    }

    static json chain() {
        return list(
            {{{"type", "bridge"},
              {"bridge", "cni7"},
              {"isDefaultGateway", true},
              {"ipMasq", true},
              {"macspoofchk", true},
              {"hairpinMode", true},
              {"ipam",
               {{"type", "host-local"},
                {"ranges", {{{{"subnet", "10.1.2.0/24"}}}, {{{"subnet", "fd00:1::/64"}}}}}}}},
             {{"type", "tuning"},
              {"mtu", 1400},
              {"sysctl", {{"net.ipv4.conf.IFNAME.arp_notify", "1"}}}},
             {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}},
             {{"type", "firewall"}, {"ingressPolicy", "isolated"}},
             {{"type", "bandwidth"},
              {"ingressRate", 1000000},
              {"ingressBurst", 80000},
              {"egressRate", 1000000},
              {"egressBurst", 80000}}});
    }
    static constexpr const char* ports =
        R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]})";
};

TEST_F(CnitoolExplain, IsTrueOfAWholeChainInNftables) {
    const Steps steps = expect_true(chain(), {ports});
    EXPECT_TRUE(names(steps, "bridge", "cni7"));
    EXPECT_TRUE(names(steps, "address", "10.1.2.2/24"));
    EXPECT_TRUE(names(steps, "backend", "nftables"));
    EXPECT_TRUE(names(steps, "map", "mappings"));
    EXPECT_TRUE(names(steps, "chain", "isolated-cni7"));
    EXPECT_TRUE(names(steps, "port", "8080/tcp"));
    EXPECT_TRUE(names(steps, "sysctl", "net.ipv4.conf.eth0.arp_notify"));
    EXPECT_EQ(std::ranges::count(steps, "ifb", &Step::kind), 1);
    EXPECT_EQ(std::ranges::count(steps, "qdisc", &Step::kind), 2);
}

TEST_F(CnitoolExplain, IsTrueOfAWholeChainInIptables) {
    output_of({"iptables-nft", "-A", "FORWARD", "-j", "ACCEPT"});
    const Steps steps = expect_true(chain(), {ports});
    EXPECT_TRUE(names(steps, "backend", "iptables (nf_tables)"));
    EXPECT_EQ(
        std::ranges::count_if(steps, [](const Step& s) { return s.name.starts_with("CNI-DN-"); }),
        2);
    EXPECT_TRUE(names(steps, "chain", "CNI-FORWARD"));
}

TEST_F(CnitoolExplain, IsTrueOfOtherPlugins) {
    const json ptp = {{"type", "ptp"}, {"ipMasq", true}, {"ipam", host_local()}};
    EXPECT_EQ(std::ranges::count(expect_true(list({ptp})), "veth", &Step::kind), 1);

    output_of({"ip", "link", "add", "uplink", "type", "veth", "peer", "name", "other"});
    output_of({"ip", "link", "set", "uplink", "up"});
    const json macvlan = {{"type", "macvlan"}, {"master", "uplink"}, {"ipam", host_local()}};
    EXPECT_TRUE(names(expect_true(list({macvlan})), "master", "uplink"));

    const json fixed = {{"type", "static"}, {"addresses", {{{"address", "10.7.0.5/24"}}}}};
    const Steps routed =
        expect_true(list({{{"type", "macvlan"}, {"master", "uplink"}, {"ipam", fixed}},
                          {{"type", "sbr"}, {"table", 100}}}));
    EXPECT_TRUE(names(routed, "rule", "10.7.0.5"));

    const json lent = {{"type", "host-device"}, {"device", "other"}, {"ipam", fixed}};
    EXPECT_TRUE(names(expect_true(list({lent})), "address", "10.7.0.5/24"));

    expect_true(list({{{"type", "tap"}, {"ipam", host_local()}}}));
    expect_true(list({{{"type", "loopback"}}}));
}

TEST_F(CnitoolExplain, FollowsFlannelToItsDelegate) {
    output_of({"mkdir", "-p", "/run/flannel"});
    write("/run/flannel/subnet.env",
          "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1450\n"
          "FLANNEL_IPMASQ=false\n");
    const Steps steps =
        expect_true(list({{{"type", "flannel"}, {"delegate", {{"isDefaultGateway", true}}}}}));
    EXPECT_TRUE(names(steps, "bridge", "cni0"));
    EXPECT_TRUE(names(steps, "address", "10.1.17.2/24"));
}

// The second one finds what the first one has made, and the next address.
TEST_F(CnitoolExplain, SaysWhatIsThereAlready) {
    const TestNetns c1("c1"), c2("c2");
    add(c1);
    const json first = explain(c2)["plugins"][0]["steps"][0];
    EXPECT_EQ(first["act"], "use");
    EXPECT_EQ(first["name"], "cni1");
    EXPECT_TRUE(names(steps_of(explain(c2)), "address", "10.1.2.3/24"));
    const Finished again = tool({"explain", "net1", c1.path()});
    EXPECT_EQ(again.exit_code(), 1);
    EXPECT_THAT(again.out, HasSubstr("ADD fails: container veth name (\"eth0\") peer provided"));
}

// By each policy of host-local, from the leases and the memory that ADD has.
TEST_F(CnitoolExplain, KnowsTheNextAddressByEachPolicy) {
    const TestNetns c1("c1"), c2("c2");
    const auto next = [&](const json& policy, const std::string& netns) {
        json network = NodeTest::network();
        network["plugins"][0]["ipam"].update(policy);
        write_network(network);
        const json told = parsed({"explain", "net1", netns, "-o", "json"});
        for (const Step& step : steps_of(told))
            if (step.act == "take") return step.name;
        return std::string();
    };
    add(c1);
    EXPECT_EQ(next(R"({"strategy":"lowest"})"_json, c2.path()), "10.1.2.3/24");
    EXPECT_TRUE(tool({"del", "net1", c1.path()}).ok());
    EXPECT_EQ(next(json::object(), c2.path()), "10.1.2.3/24");  // behind the last one
    EXPECT_EQ(next(R"({"strategy":"lowest"})"_json, c2.path()), "10.1.2.2/24");
    EXPECT_EQ(next(R"({"strategy":"lowest","exclude":["10.1.2.0/29"]})"_json, c2.path()),
              "10.1.2.8/24");
    const json sticky = R"({"sticky":"containerID"})"_json;
    const std::string had = next(sticky, c1.path());
    add(c1);
    EXPECT_TRUE(tool({"del", "net1", c1.path()}).ok());
    EXPECT_NE(next(sticky, c2.path()), had);
    EXPECT_EQ(next(sticky, c1.path()), had);
}

// Names follow from ids, and a host without any container is explained too.
TEST_F(CnitoolExplain, TakesAnExampleWhereNoContainerIsNamed) {
    const Finished told = tool({"explain", "net1"});
    EXPECT_TRUE(told.ok()) << told.err;
    EXPECT_THAT(told.out, HasSubstr("container example, interface eth0"));
    EXPECT_THAT(told.out, HasSubstr("   make bridge cni1: the host has none of that name\n"));
    EXPECT_THAT(told.out, HasSubstr("     host-local: take address 10.1.2.2/24"));
    const Finished other = tool({"explain", "net1", "-c", "c1"});
    EXPECT_NE(other.out, told.out);
    EXPECT_THAT(other.out, HasSubstr("container c1"));
}

TEST_F(CnitoolExplain, SaysWhatCannotBeKnown) {
    write_network(list({{{"type", "bridge"}, {"bridge", "cni7"}, {"ipam", {{"type", "dhcp"}}}},
                        {{"type", "cilium-cni"}},
                        {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}}}));
    const Finished told = tool({"explain", "net1"}, {ports});
    EXPECT_TRUE(told.ok()) << told.err;
    EXPECT_THAT(told.out, HasSubstr("which addresses the DHCP server gives (ipv4) is not known"));
    EXPECT_THAT(told.out, HasSubstr("2. cilium-cni\n"));
    EXPECT_THAT(told.out, HasSubstr("   not of this suite: what it does is not known\n"));
    EXPECT_THAT(told.out, HasSubstr("ports are forwarded to addresses that are not known"));
    EXPECT_EQ(parsed({"explain", "net1", "-o", "json"})["complete"], false);
}

TEST_F(CnitoolExplain, EndsWhereAddWouldFail) {
    json network = NodeTest::network();
    network["plugins"][0]["ipam"]["subnet"] = "10.1.2.0/30";
    write_network(network);
    const TestNetns c1("c1"), c2("c2");
    add(c1);
    const Finished told = tool({"explain", "net1", c2.path()});
    EXPECT_EQ(told.exit_code(), 1);
    EXPECT_THAT(told.out, HasSubstr("ADD fails: failed to allocate for range 0"));
    EXPECT_THAT(tool({"explain", "net1", "/run/netns/none"}).out, HasSubstr("ADD fails: "));
}

}  // namespace
}  // namespace cni::test
