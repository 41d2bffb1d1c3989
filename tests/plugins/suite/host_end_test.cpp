// DEL and GC of bridge and ptp find an attachment's pair by its host's end: whatever the container
// has done inside, whatever a record says, and no other one's.
#include <gmock/gmock.h>

#include "attach/host_link.h"
#include "base/hash.h"
#include "support/bridge_fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class HostEnd : public SandboxTest,
                protected BridgeCalls,
                public ::testing::WithParamInterface<const char*> {
protected:
    static std::string plugin() { return GetParam(); }
    static json network(const json& keys = json::object()) {
        json config = layer3({{"type", plugin()}, {"cniVersion", "1.1.0"}});
        config.merge_patch(keys);
        return config;
    }
    static PluginRun call(const std::string& command, const PluginArgs& args, const json& config) {
        return run_plugin(plugin(), command, args, config.dump());
    }
    /// The result.
    static json add(const PluginArgs& args, const json& config = network()) {
        const PluginRun run = call("ADD", args, config);
        EXPECT_TRUE(run.ok()) << run.report();
        return run.ok() ? run.json() : json::object();
    }
    static void expect_deleted(const PluginArgs& args, const json& config = network()) {
        const PluginRun run = call("DEL", args, config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static PluginArgs without_netns(PluginArgs args) {
        args.netns = "";
        return args;
    }
    static PluginRun gc(const json& keys = json::object()) {
        json config = network(keys);
        if (!config.contains("cni.dev/valid-attachments"))
            config["cni.dev/valid-attachments"] = json::array();
        return call("GC", {.container_id = {}, .netns = {}, .ifname = {}}, config);
    }
    /// Of a result.
    static std::string host_end(const json& result) {
        for (const json& interface : result.value("interfaces", json::array()))
            if (is_name_of_host_link(interface["name"].get<std::string>()))
                return interface["name"];
        return {};
    }
    static bool exists(const std::string& name) { return !link(name).is_null(); }
    static std::string mac_of(const std::string& name) { return link(name)["address"]; }

    static json with_record(const json& interfaces) {
        return network({{"prevResult", {{"cniVersion", "1.1.0"}, {"interfaces", interfaces}}}});
    }
    /// A pair as the reference plugins make it, eth0 in the container.
    static void make_reference_pair(const TestNetns& c, const std::string& name = "veth0123abcd") {
        output_of(
            {"ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", c.name()});
    }
};

INSTANTIATE_TEST_SUITE_P(Of, HostEnd, ::testing::Values("bridge", "ptp"),
                         [](const auto& each) { return std::string(each.param); });

// The names of their host's ends are the same.
TEST_P(HostEnd, OfTwoAttachmentsWithOneHash) {
    const TestNetns one("box89788"), other("box113633");
    const std::string name = host_end(add(args(one)));
    expect_deleted(without_netns(args(other)));
    expect_deleted(args(other));
    EXPECT_TRUE(exists(name));
    const std::string other_name = host_end(add(args(other)));
    EXPECT_NE(other_name, name);
    expect_deleted(without_netns(args(one)));
    EXPECT_FALSE(exists(name));
    EXPECT_TRUE(exists(other_name));
    expect_deleted(without_netns(args(other)));
    EXPECT_FALSE(exists(other_name));
    EXPECT_TRUE(leases().empty());
}

TEST_P(HostEnd, SaysWhoseItIs) {
    const TestNetns c("c1");
    EXPECT_EQ(link(host_end(add(args(c))))["ifalias"], "cnixx:net1/c1/eth0");
}

TEST_P(HostEnd, OfALongContainerId) {
    const TestNetns c("c1");
    for (const std::size_t length : {250, 4000}) {
        PluginArgs odd = args(c);
        odd.container_id = std::string(length, 'a');
        const std::string name = host_end(add(odd));
        PluginArgs similar = without_netns(odd);
        similar.container_id->back() = 'b';
        expect_deleted(similar);
        EXPECT_TRUE(exists(name));
        expect_deleted(without_netns(odd));
        EXPECT_FALSE(exists(name));
        add(odd);
        EXPECT_TRUE(gc({{"name", "net2"}}).ok());
        EXPECT_TRUE(exists(name));
        EXPECT_TRUE(gc().ok());
        EXPECT_FALSE(exists(name));
    }
}

TEST_P(HostEnd, IsNobodyElsesThanItsAliasSays) {
    const TestNetns c("c1");
    const std::string name = host_end(add(args(c)));
    output_of({"ip", "link", "set", name, "alias", "cnixx:net1/c2/eth0"});
    expect_deleted(args(c));
    EXPECT_TRUE(exists(name));
    // A note of the administrator says nothing.
    output_of({"ip", "link", "set", name, "alias", "frontend"});
    expect_deleted(args(c));
    EXPECT_FALSE(exists(name));
}

TEST_P(HostEnd, OfVersion010) {
    const TestNetns c("c1"), d("c2");
    const auto make = [](const TestNetns& container) {
        const std::string name = host_link("net1", {container.name(), "eth0"}, 0).name;
        const Mac mac = Mac::from_hash(sha512_hex(cat("mac/net1/", name)));
        output_of({"ip", "link", "add", name, "address", mac.to_string(), "type", "veth", "peer",
                   "name", "eth0", "netns", container.name()});
        return name;
    };
    const std::string one = make(c), other = make(d);
    expect_deleted(without_netns(args(c)));
    EXPECT_FALSE(exists(one));
    EXPECT_TRUE(exists(other));
    make(c);
    EXPECT_TRUE(
        gc({{"cni.dev/valid-attachments", {{{"containerID", "c2"}, {"ifname", "eth0"}}}}}).ok());
    EXPECT_FALSE(exists(one));
    EXPECT_TRUE(exists(other));
    // A namespace that is another container's by now.
    PluginArgs stale = args(c);
    stale.netns = d.path();
    expect_deleted(stale);
    EXPECT_TRUE(exists(other));
}

// What a container may do with the rights it has inside; "$host" is its pair's end outside.
constexpr const char* hostile[] = {
    "ip link set eth0 address 02:00:00:00:00:01",
    "ip link set eth0 down; ip link set eth0 name $host",
    "ip link set eth0 netns elsewhere",
    "ip link set eth0 netns elsewhere; ip link add eth0 type dummy || true",
    "ip link set eth0 name other; ip link add eth0 type bridge",
    "ip link set eth0 name other; ip link add eth0 type dummy || true",
    "ip link set eth0 name other; ip link add eth0 link other type macvlan || true",
    "ip link set eth0 name other; ip link add eth0 link other type ipvlan || true",
    "ip link set eth0 name other; ip link add eth0 type vxlan id 5 dstport 4789 || true",
    "ip link set eth0 name other; ip link add eth0 type veth peer name decoy",
    "ip link set eth0 name other; ip link add $host type veth peer name eth0",
    "ip link set eth0 name other; ip link add eth0 type veth peer name eth0 netns elsewhere",
    "ip link set eth0 name other; ip link add eth0 type veth peer name $host netns elsewhere",
    "ip link add br1 type bridge; ip link set eth0 master br1",
    "for i in 1 2 3 4 5 6 7 8 9; do ip link add v$i type veth peer name w$i; done",
};

TEST_P(HostEnd, IsFoundWhateverTheContainerDoes) {
    for (const char* script : hostile) {
        const TestNetns c("c1"), elsewhere("elsewhere");
        const std::string name = host_end(add(args(c)));
        c.output_of({"sh", "-c",
                     cat("host=", name, "; ip link set eth0 down; ip link set lo up; ", script)});
        expect_deleted(args(c));
        EXPECT_FALSE(exists(name)) << script;
        EXPECT_TRUE(leases().empty()) << script;
        expect_deleted(args(c));
    }
}

TEST_P(HostEnd, OfTheReferencePluginsWithoutARecord) {
    const TestNetns c("c1");
    make_reference_pair(c);
    expect_deleted(without_netns(args(c)));
    EXPECT_TRUE(exists("veth0123abcd"));
    expect_deleted(args(c));
    EXPECT_FALSE(exists("veth0123abcd"));
}

// Then it says which pair; only an unknown one is looked for in the container.
TEST_P(HostEnd, OfTheReferencePluginsWithARecord) {
    const TestNetns c("c1"), elsewhere("elsewhere");
    const json host = {{"name", "veth0123abcd"}};
    const auto record = [&](const std::string& mac) {
        json described = host;
        described["mac"] = mac;
        return with_record({described, {{"name", "eth0"}, {"sandbox", c.path()}}});
    };
    make_reference_pair(c);
    expect_deleted(args(c), with_record({{{"name", "veth99999999"}, {"mac", "x"}}}));
    EXPECT_TRUE(exists("veth0123abcd"));
    // udev may have given it another one.
    expect_deleted(args(c), record("02:00:00:00:00:01"));
    EXPECT_FALSE(exists("veth0123abcd"));
    make_reference_pair(c);
    c.output_of({"sh", "-c", "ip link set eth0 netns elsewhere; ip link add eth0 type bridge"});
    expect_deleted(args(c), record(mac_of("veth0123abcd")));
    EXPECT_FALSE(exists("veth0123abcd"));
}

TEST_P(HostEnd, OfTheReferencePluginsIsNoDecoy) {
    const TestNetns c("c1"), elsewhere("elsewhere");
    for (const char* peer : {"decoy", "veth0123abcd"}) {
        c.output_of({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", peer, "netns",
                     "elsewhere"});
        expect_deleted(args(c));
        EXPECT_FALSE(link(elsewhere, peer).is_null());
        c.output_of({"ip", "link", "delete", "eth0"});
    }
}

TEST_P(HostEnd, OfOtherPluginsIsLeftAlone) {
    const TestNetns c("c1");
    for (const auto& [name, alias] : {std::pair{"cali0123abcd", ""},
                                      {"veth0123abcd", "cnixx:net2/c1/eth0"},
                                      {"veth0123abcd", "cnixx:net1/c2/eth0"}}) {
        make_reference_pair(c, name);
        output_of({"ip", "link", "set", name, "alias", alias});
        const json record = with_record({{{"name", name}, {"mac", mac_of(name)}}});
        for (const json& config : {network(), record}) expect_deleted(args(c), config);
        EXPECT_TRUE(exists(name));
        output_of({"ip", "link", "delete", name});
    }
}

TEST_P(HostEnd, SharedLinksStayWhateverTheRecordSays) {
    const TestNetns c("c1"), other("c2");
    const Outside outside;
    const std::string of_other = host_end(add(args(other)));
    output_of({"ip", "link", "add", "cni0.5", "type", "veth", "peer", "name", "veth00000005"});
    output_of({"ip", "link", "add", "veth00000006", "type", "bridge"});
    for (const std::string& name :
         {std::string("uplink"), std::string("cni0.5"), std::string("veth00000005"),
          std::string("veth00000006"), std::string("lo"), of_other}) {
        const json record = with_record({{{"name", name}, {"mac", mac_of(name)}}});
        expect_deleted(args(c), record);
        expect_deleted(without_netns(args(c)), record);
        EXPECT_TRUE(exists(name)) << name;
    }
}

TEST_P(HostEnd, IsFoundByGcWhateverItIsConnectedTo) {
    const TestNetns c("c1"), valid("valid");
    const json keep = {{{"containerID", "valid"}, {"ifname", "eth0"}}};
    const std::string kept = host_end(add(args(valid)));
    for (const char* script : {"true", "ip link set $host nomaster", "ip link set $host down",
                               "ip link add br1 type bridge; ip link set $host master br1",
                               "ip link delete cni0 2>/dev/null || true"}) {
        const std::string name = host_end(add(args(c)));
        output_of({"sh", "-c", cat("host=", name, "; ", script)});
        const PluginRun run = gc({{"bridge", "other0"}, {"cni.dev/valid-attachments", keep}});
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_FALSE(exists(name)) << script;
        EXPECT_TRUE(exists(kept)) << script;
        EXPECT_EQ(leases(), (std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"})) << script;
    }
}

// Whatever goes wrong, no address is free that an interface still has.
TEST_P(HostEnd, KeepsItsLeaseUntilItIsGone) {
    const TestNetns c("c1");
    const PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    const json stale = network({{"cni.dev/valid-attachments", json::array()}});
    for (const char* command : {"DEL", "GC"}) {
        FaultSample(13).try_all(Fault::Kind::fail, [&](const Fault& fault) {
            const std::string name = host_end(add(args(c)));
            const Program program = command[0] == 'D'
                                        ? plugin_program(plugin(), command, args(c), stale.dump())
                                        : plugin_program(plugin(), command, none, stale.dump());
            const auto injured = run_with_fault(program, fault);
            SCOPED_TRACE(cat(command, " ", describe(fault, injured)));
            EXPECT_FALSE(exists(name) && leases().size() < 2);
            expect_deleted(args(c));
            return injured.reached;
        });
    }
}

TEST_P(HostEnd, IsFoundWithWhatIsLeftOfANamespace) {
    output_of({"sh", "-c", "mkdir /run/dir; echo x >/run/file; mkfifo /run/pipe; ln -s l /run/l"});
    for (const char* path : {"/run/dir", "/run/file", "/run/pipe", "/run/l", "/dev/zero",
                             "/run/file/x", "/etc/passwd"}) {
        const TestNetns c("c1");
        PluginArgs lost = args(c);
        const std::string name = host_end(add(lost));
        lost.netns = path;
        expect_deleted(lost);
        EXPECT_FALSE(exists(name)) << path;
        expect_deleted(lost);
        for (const char* command : {"ADD", "CHECK"}) {
            const PluginRun run = call(command, lost, network());
            EXPECT_EQ(run.error_code(), 8) << path << run.report();
            EXPECT_THAT(run.error_message(), HasSubstr(path));
        }
        EXPECT_TRUE(leases().empty());
    }
}

}  // namespace
}  // namespace cni::test
