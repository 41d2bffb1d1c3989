// From and to the reference plugin with its nftables rules, while containers run. Debian's has no
// such: its commands are replayed with the program nft.
#include <gmock/gmock.h>

#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

class PortmapWayBack : public PortmapTest {
protected:
    void SetUp() override {
        PortmapTest::SetUp();
        if (IsSkipped()) return;
        outside_.emplace();
        host_ = Netns::current();
    }
    const Netns& world() const { return outside_->netns().netns(); }
    const Netns& host() const { return *host_; }

    /// Its ADD of a TCP port that leads to port 80.
    static void reference_maps(const Container& c, int port) {
        const std::string id = c.netns.name();
        for (const char family : {'4', '6'}) {
            const bool v4 = family == '4';
            const std::string ip = v4 ? "ip" : "ip6", table = cat(ip, " cni_hostport ");
            const std::string address = c.address(family);
            const std::string target = v4 ? address : cat("[", address, "]");
            std::string commands = cat("add table ", ip, " cni_hostport\n");
            for (const char* chain : {"hostports", "hostip_hostports", "hostports_all"})
                commands += cat("add chain ", table, chain, "\n");
            commands += cat("flush chain ", table, "hostports_all\nadd rule ", table,
                            "hostports_all jump hostip_hostports\nadd rule ", table,
                            "hostports_all jump hostports\n");
            for (const char* hook : {"prerouting", "output"})
                commands += cat("add chain ", table, hook, " { type nat hook ", hook,
                                " priority -100; }\nflush chain ", table, hook, "\nadd rule ",
                                table, hook, " fib daddr type local jump hostports_all\n");
            commands += cat("add chain ", table,
                            "masquerading { type nat hook postrouting priority 100; }\n");
            commands += cat("add rule ", table, "hostports tcp dport ", port, " dnat to ", target,
                            ":80 comment \"", id, "\"\n");
            commands += cat("add rule ", table, "masquerading ", ip, " saddr ", address, " ", ip,
                            " daddr ", address, " masquerade comment \"", id, "\"\n");
            if (v4)
                commands += cat("add rule ", table, "masquerading ip saddr 127.0.0.1 ip daddr ",
                                address, " masquerade comment \"", id, "\"\n");
            output_of({"nft", "-f", "-"}, commands);
        }
    }
    /// Its DEL: rules with this comment in chains that may be missing.
    static void reference_unmaps(const std::string& id) {
        for (const char* family : {"ip", "ip6"})
            for (const char* chain : {"hostports", "hostip_hostports", "masquerading"}) {
                const std::string listed = run({.argv = {"nft", "--handle", "list", "chain", family,
                                                         "cni_hostport", chain}})
                                               .out;
                for (const std::string_view line : split(listed, '\n'))
                    if (line.find(cat("comment \"", id, "\"")) != line.npos)
                        output_of({"nft", "delete", "rule", family, "cni_hostport", chain, "handle",
                                   std::string(line.substr(line.rfind(' ') + 1))});
            }
    }
    void expect_reached(const Container& c, int port, const std::string& when) const {
        for (const auto& [from, address, family] :
             {std::tuple(&world(), "192.0.2.1", '4'), std::tuple(&world(), "2001:db8::1", '6'),
              std::tuple(&host(), "192.0.2.1", '4')})
            EXPECT_TRUE(connect(*from, address, port, c, family).answered)
                << when << " " << address << " " << port;
    }

private:
    std::optional<Outside> outside_;
    std::optional<Netns> host_;
};

TEST_F(PortmapWayBack, NewMappingsOfTheReferencePluginComeFirst) {
    const Container gone("c1"), alive("c2"), successor("c3");
    map(gone, {mapping(8080, 80), mapping(8082, 80)});
    map(alive, {mapping(8081, 80)});
    reference_unmaps("c1");
    reference_maps(successor, 8080);
    expect_reached(successor, 8080, "behind the reference plugin's ADD");
    expect_reached(alive, 8081, "container of ours");
    reference_unmaps("c3");
    expect_reached(alive, 8081, "behind the reference plugin's DEL");
    unmap(alive);
    EXPECT_FALSE(connect(world(), "192.0.2.1", 8081, alive).answered);
}

// As the documentation says, when there is no container of ours any more.
TEST_F(PortmapWayBack, WhatIsLeftCanBeTakenOutOfTheWay) {
    const Container gone("c1"), other("c2");
    map(gone, {mapping(8080, 80)});
    reference_unmaps("c1");
    reference_maps(other, 8081);
    for (const char* family : {"ip", "ip6"})
        for (const char* chain : {"ports_prerouting", "ports_output", "mapped_postrouting"})
            output_of({"nft", "delete", "chain", family, "cni_hostport", chain});
    EXPECT_FALSE(connect(world(), "192.0.2.1", 8080, gone).answered);
    expect_reached(other, 8081, "the reference plugin's");
    // And back again.
    map(gone, {mapping(8082, 80)});
    expect_reached(gone, 8082, "ours");
    expect_reached(other, 8081, "the reference plugin's, still");
}

TEST_F(PortmapWayBack, AnAddOfOursTakesThePortFromTheReferencePlugin) {
    const Container first("c1"), second("c2");
    reference_maps(first, 8080);
    reference_maps(first, 8081);
    map(second, {mapping(8080, 80)});
    expect_reached(second, 8080, "taken over");
    expect_reached(first, 8081, "not asked for");
    EXPECT_TRUE(portmap("CHECK", second, {mapping(8080, 80)}).ok());
    // Of its own it takes none but an old one.
    map(first, {mapping(8081, 80)});
    expect_reached(first, 8081, "made anew");
    unmap(first);
    EXPECT_EQ(count("8081"), 0u) << rules();
    expect_reached(second, 8080, "the other one is gone");
}

// Its rules name the container only.
TEST_F(PortmapWayBack, DelRemovesWhatLeadsToTheAttachment) {
    const Container c("c1");
    reference_maps(c, 8080);
    const json elsewhere = some_result();
    const PluginRun other =
        call("DEL", args(c.netns, "eth1"), config(elsewhere, {}, {{"name", "net2"}}));
    EXPECT_TRUE(other.ok()) << other.report();
    expect_reached(c, 8080, "another network was left");
    EXPECT_TRUE(portmap("DEL", c, {}).ok());
    EXPECT_EQ(count("8080"), 0u) << rules();
    EXPECT_EQ(count("\"c1\""), 0u) << rules();
}

}  // namespace
}  // namespace cni::test
