// cnitool ipam: the leases of host-local, and who lives of those that hold them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class CnitoolIpam : public NodeTest {
protected:
    static void plant_lease(const std::string& ip, const std::string& content,
                            const std::string& dir = leases) {
        output_of({"mkdir", "-p", dir});
        write(cat(dir, "/", ip), content);
    }
    static bool has_lease(const std::string& ip) {
        return run({.argv = {"test", "-e", cat(leases, "/", ip)}}).ok();
    }
};

TEST_F(CnitoolIpam, ShowsRangesAndWhoHoldsWhat) {
    const TestNetns c1("c1");
    add(c1);
    const json shown = parsed({"ipam", "show", "-o", "json"});
    ASSERT_EQ(shown["ranges"].size(), 1u) << shown;
    EXPECT_EQ(shown["ranges"][0], R"({"network":"net1","dataDir":"/var/lib/cni/networks",
        "subnet":"10.1.2.0/24","rangeStart":"10.1.2.1","rangeEnd":"10.1.2.254","size":253,"used":1,
        "free":252})"_json);
    ASSERT_EQ(shown["leases"].size(), 1u) << shown;
    const json& lease = shown["leases"][0];
    EXPECT_EQ(lease["address"], "10.1.2.2");
    EXPECT_EQ(lease["ifname"], "eth0");
    EXPECT_EQ(lease["state"], "alive");
    EXPECT_EQ(lease["file"], cat(leases, "/10.1.2.2"));
    EXPECT_EQ(lease["proof"], "interface eth0 in /run/netns/c1");
    EXPECT_THAT(lease["since"].get<std::string>(), MatchesRegex("[0-9]{4}-[0-9-]+T[0-9:]{8}Z"));
}

TEST_F(CnitoolIpam, PrintsTables) {
    const TestNetns c1("c1");
    add(c1);
    const Finished shown = tool({"ipam", "show"});
    EXPECT_THAT(shown.out, StartsWith("NETWORK  SUBNET"));
    EXPECT_THAT(shown.out, HasSubstr("10.1.2.254  253   1     252\n\nNETWORK  ADDRESS"));
    EXPECT_EQ(shown.err, "");
}

TEST_F(CnitoolIpam, ShowsOneAddress) {
    const TestNetns c1("c1"), c2("c2");
    add(c1);
    add(c2);
    const json shown = parsed({"ipam", "show", "net1", "10.1.2.3", "-o", "json"});
    ASSERT_EQ(shown["leases"].size(), 1u) << shown;
    EXPECT_EQ(shown["leases"][0]["proof"], "interface eth0 in /run/netns/c2");
    EXPECT_EQ(shown["ranges"][0]["used"], 2);
    EXPECT_EQ(tool({"ipam", "show", "10.1.2.77"}).err, "nobody has 10.1.2.77\n");
    EXPECT_THAT(tool({"ipam", "show", "a/b"}).err, HasSubstr("neither a network nor an address"));
    EXPECT_THAT(tool({"ipam", "steal"}).err, HasSubstr("must be show, check or release"));
}

TEST_F(CnitoolIpam, CountsRangesOfBothFamiliesAsTheyAre) {
    json list = network();
    list["plugins"][0]["ipam"] = R"({"type":"host-local","ranges":[
        [{"subnet":"10.9.0.0/24","rangeStart":"10.9.0.10","rangeEnd":"10.9.0.12"}],
        [{"subnet":"fd00:9::/64"}]]})"_json;
    write_network(list);
    const json ranges = parsed({"ipam", "show", "-o", "json"})["ranges"];
    ASSERT_EQ(ranges.size(), 2u) << ranges;
    EXPECT_EQ(ranges[0]["size"], 3);
    EXPECT_EQ(ranges[0]["free"], 3);
    EXPECT_FALSE(ranges[1].contains("size"));
    EXPECT_EQ(ranges[1]["used"], 0);
}

TEST_F(CnitoolIpam, WorksFromADirectoryOfLeasesAlone) {
    plant_lease("10.7.0.4", "someone\r\neth0", "/run/leases/old");
    output_of({"rm", cat(net_d_.path(), "/net1.conflist")});
    const json shown = parsed({"ipam", "show", "--data-dir", "/run/leases", "-o", "json"});
    ASSERT_EQ(shown["leases"].size(), 1u) << shown;
    EXPECT_EQ(shown["leases"][0]["network"], "old");
    EXPECT_EQ(shown["leases"][0]["containerID"], "someone");
    EXPECT_EQ(shown["leases"][0]["boot"], "unknown");
}

TEST_F(CnitoolIpam, CheckTellsLeasesOfTheDeadWithTheProof) {
    TestNetns c1("c1");
    add(c1);
    EXPECT_TRUE(tool({"ipam", "check"}).ok());
    plant_lease("10.1.2.9", "gone\r\neth0");
    c1.output_of({"ip", "link", "del", "eth0"});
    const Finished one = tool({"ipam", "check"});
    EXPECT_EQ(one.exit_code(), 1);
    EXPECT_THAT(one.out, HasSubstr("its namespace /run/netns/c1 has no eth0, and no interface "
                                   "bears the address\n"));
    EXPECT_THAT(one.out, HasSubstr("net1 10.1.2.9: lease of gone eth0 is dead: no runtime has kept "
                                   "a result, and no interface bears the address\n"));
    c1.unmount();
    EXPECT_THAT(tool({"ipam", "check"}).out, HasSubstr("its namespace /run/netns/c1 is gone, and"));
}

// Whatever has become of its name and its records, who bears the address is alive.
TEST_F(CnitoolIpam, CheckTakesWhoBearsTheAddressForAlive) {
    const TestNetns c1("c1");
    plant_lease("10.1.2.9", "c1\r\neth0");
    c1.output_of({"ip", "link", "add", "other", "type", "veth", "peer", "name", "end"});
    c1.output_of({"ip", "addr", "add", "10.1.2.9/24", "dev", "other"});
    EXPECT_TRUE(tool({"ipam", "check"}).ok());
    c1.output_of({"ip", "addr", "del", "10.1.2.9/24", "dev", "other"});
    EXPECT_EQ(tool({"ipam", "check"}).exit_code(), 1);
}

TEST_F(CnitoolIpam, ReleasesTheLeaseOfTheDeadAlone) {
    const TestNetns c1("c1");
    add(c1);
    plant_lease("10.1.2.9", "gone\r\neth0");
    const Finished refused = tool({"ipam", "release", "10.1.2.2"});
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr("is alive: interface eth0 in /run/netns/c1"));
    EXPECT_TRUE(has_lease("10.1.2.2"));
    const Finished released = tool({"ipam", "release", "10.1.2.9"});
    EXPECT_TRUE(released.ok()) << released.err;
    EXPECT_THAT(released.out, StartsWith("released net1 10.1.2.9: lease of gone eth0"));
    EXPECT_FALSE(has_lease("10.1.2.9"));
    EXPECT_THAT(tool({"ipam", "release", "10.1.2.9"}).err, HasSubstr("nobody has 10.1.2.9"));
    EXPECT_THAT(tool({"ipam", "release"}).err, HasSubstr("release needs an address"));
}

TEST_F(CnitoolIpam, ReleaseAsksForTheNetworkWhereSeveralHaveTheAddress) {
    plant_lease("10.1.2.9", "gone\r\neth0");
    plant_lease("10.1.2.9", "also\r\neth0", "/var/lib/cni/networks/net2");
    EXPECT_THAT(tool({"ipam", "release", "10.1.2.9"}).err, HasSubstr("in several networks"));
    EXPECT_TRUE(tool({"ipam", "release", "net2", "10.1.2.9"}).ok());
    EXPECT_TRUE(has_lease("10.1.2.9"));
}

TEST_F(CnitoolIpam, CheckFailsForFilesThatAreNoLeases) {
    plant_lease("10.1.2.9", "../../etc/passwd\r\neth0");
    const Finished check = tool({"ipam", "check"});
    EXPECT_EQ(check.exit_code(), 1);
    EXPECT_THAT(check.err, HasSubstr("/10.1.2.9 is no lease that can be read"));
    EXPECT_TRUE(has_lease("10.1.2.9"));
}

}  // namespace
}  // namespace cni::test
