// ADDs that fail: with the right code and words, what to do about it, and nothing left of them.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class MacvlanError : public MacvlanTest {
protected:
    /// The address is free again, whatever the IPAM plugin's ADD has come to.
    void expect_taken_back(const ScriptedIpam& ipam, int code, const std::string& message) const {
        expect_refused(scripted(), code, message);
        EXPECT_EQ(ipam.calls(), (std::vector<std::string>{"ADD c1 eth0", "DEL c1 eth0"}));
    }
};

TEST_F(MacvlanError, ConfigurationIsRefusedBeforeAnythingIsDone) {
    const std::vector<std::pair<json, std::string>> cases = {
        {{{"mode", "source"}}, "unknown macvlan mode: \"source\""},
        {{{"mode", "Bridge"}}, "unknown macvlan mode: \"Bridge\""},
        {{{"mode", 4}}, "\"mode\" must be a string, not a number"},
        {{{"mtu", -1}}, "\"mtu\" must be between 0 and 65535"},
        {{{"mtu", 65536}}, "\"mtu\" must be between 0 and 65535"},
        {{{"mtu", 1501}}, "invalid MTU 1501, must be [0, master MTU(1500)]"},
        {{{"bcqueuelen", -1}}, "\"bcqueuelen\" must be between 0 and 4294967295"},
        {{{"master", "a/b"}}, "invalid interface name \"a/b\""},
        {{{"linkInContainer", "yes"}}, "\"linkInContainer\" must be true or false, not a string"},
        {{{"mac", "x"}}, "invalid args x for MAC addr: address x: invalid MAC address"},
        {{{"mac", "01:00:00:00:00:00"}},
         "an interface cannot have the MAC address 01:00:00:00:00:00"},
        {{{"dns", 5}}, "\"dns\" must be an object, not a number"},
    };
    for (const auto& [keys, message] : cases) expect_refused(network(keys), 7, message);
    EXPECT_THAT(
        expect_refused(network({{"mode", "source"}}), 7, "unknown macvlan mode: \"source\""),
        HasSubstr("\"bridge\", \"private\", \"vepa\", \"passthru\""));
    expect_refused(layer2_network({{"cniVersion", "0.2.0"}}), 7,
                   "cannot convert: no valid IP addresses");
}

TEST_F(MacvlanError, CniArgsAreRefusedByName) {
    expect_refused(network(), 4, "ARGS: unknown args [\"IP=10.1.2.2\"]", "IP=10.1.2.2");
    expect_refused(network(), 7, "invalid args x for MAC addr: address x: invalid MAC address",
                   "MAC=x");
}

TEST_F(MacvlanError, NamesTheMasterThatIsMissing) {
    EXPECT_THAT(expect_refused(network({{"master", "m9"}}), 999,
                               "failed to lookup master \"m9\": Link not found"),
                HasSubstr("on the host"));
    EXPECT_THAT(expect_refused(network({{"linkInContainer", true}}), 999,
                               "failed to lookup master \"uplink\": Link not found"),
                HasSubstr("in the container"));
    EXPECT_THAT(
        expect_refused(network({{"master", nullptr}}), 999, "no default route interface found"),
        HasSubstr("name one"));
}

TEST_F(MacvlanError, TellsWhatKeepsTheMasterFromHavingMacvlans) {
    shell("ip link add br0 type bridge; ip link set uplink master br0");
    EXPECT_THAT(expect_refused(network(), 999,
                               "failed to create macvlan eth0 on uplink: Device or resource busy"),
                HasSubstr("uplink has ipvlan interfaces or is a port"));
    EXPECT_THAT(expect_refused(network({{"master", "lo"}}), 999,
                               "failed to create macvlan eth0 on lo: Invalid argument"),
                HasSubstr("lo must be an Ethernet interface"));
}

TEST_F(MacvlanError, TellsThatPassthruIsAlone) {
    const std::string refusal = "failed to create macvlan eth0 on uplink: Invalid argument";
    const TestNetns first("first");
    for (const auto& [present, asked] : std::vector<std::pair<const char*, const char*>>{
             {"bridge", "passthru"}, {"passthru", "bridge"}, {"passthru", "passthru"}}) {
        add(first, layer2_network({{"mode", present}}));
        EXPECT_THAT(expect_refused(layer2_network({{"mode", asked}}), 999, refusal),
                    HasSubstr("either one interface in mode passthru or those of other modes"));
        del(first, layer2_network());
    }
}

TEST_F(MacvlanError, TellsThatPassthruHasTheMacOfTheMaster) {
    const std::string own = link("uplink")["address"];
    EXPECT_THAT(
        expect_refused(network({{"mode", "passthru"}, {"mac", "02:00:00:00:00:09"}}), 7,
                       cat("mode passthru gives the interface the MAC address of master uplink, ",
                           own, ", not 02:00:00:00:00:09")),
        HasSubstr("leave out the address"));
}

TEST_F(MacvlanError, TellsWhoHasTheMacAlready) {
    const std::string mac = "02:00:00:00:00:09";
    const json config = network({{"mac", mac}});
    const TestNetns first("first");
    add(first, config);
    EXPECT_THAT(
        expect_refused(config, 999,
                       cat("bring up eth0 with the MAC address ", mac, ": Address already in use")),
        HasSubstr("uplink or another interface on it has the address"));
    const std::string own = link("uplink")["address"];
    expect_refused(network({{"mac", own}}), 999,
                   cat("bring up eth0 with the MAC address ", own, ": Address already in use"));
    EXPECT_EQ(leases(), (std::vector<std::string>{"10.1.2.2", "fd00:1:2::2"}));
}

TEST_F(MacvlanError, ANameThatIsTakenIsLeftToWhoHasIt) {
    const TestNetns c("c1");
    const json result = add(c, network());
    const PluginRun run = call("ADD", c, network());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_EQ(run.error_message(), "failed to create macvlan eth0: File exists");
    expect_sound(c, network(), result);
    EXPECT_THAT(leases(), ::testing::SizeIs(2));
}

TEST_F(MacvlanError, WhatIpamReportsIsPassedOnAndNothingStays) {
    const ScriptedIpam ipam;
    ipam.on("ADD", "echo '{\"code\": 100, \"msg\": \"no address left\"}'; exit 1");
    expect_taken_back(ipam, 100, "no address left");
}

TEST_F(MacvlanError, AResultWithoutAddressesIsNone) {
    const ScriptedIpam ipam;
    ipam.answer(R"({"cniVersion": "1.0.0", "dns": {}})");
    expect_taken_back(ipam, 999, "IPAM plugin returned missing IP config");
}

TEST_F(MacvlanError, AnAddressThatCannotBeGivenIsTakenBack) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24", "10.1.2.2/24"}));
    expect_taken_back(ipam, 999, "failed to add IP addr 10.1.2.2/24 to \"eth0\": File exists");
}

TEST_F(MacvlanError, ARouteThatCannotBeMadeTakesAllBack) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24"},
                            {{"routes", {{{"dst", "10.9.0.0/16"}, {"gw", "10.77.0.1"}}}}}));
    const TestNetns c("c1");
    const PluginRun run = call("ADD", c, scripted());
    EXPECT_EQ(run.error_code(), 999);
    EXPECT_THAT(run.error_message(), HasSubstr("failed to add route '10.9.0.0/16"));
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

// The address is free once nobody bears it.
TEST_F(MacvlanError, TheLinkGoesBeforeTheAddress) {
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.2/24", "10.1.2.2/24"}));
    ipam.on("DEL", "ip -n c1 link show eth0 && echo there >>/mnt/calls");
    expect_refused(scripted(), 999, "failed to add IP addr 10.1.2.2/24 to \"eth0\": File exists");
    EXPECT_EQ(ipam.calls().back(), "DEL c1 eth0");
}

TEST_F(MacvlanError, IsNotTheEndOfAnotherTry) {
    const ScriptedIpam ipam;
    const TestNetns c("c1");
    ipam.on("ADD", "exit 1");
    EXPECT_FALSE(call("ADD", c, scripted()).ok());
    ipam.answer(ipam_result({"10.1.2.2/24"}));
    expect_sound(c, scripted(), add(c, scripted()));
}

}  // namespace
}  // namespace cni::test
