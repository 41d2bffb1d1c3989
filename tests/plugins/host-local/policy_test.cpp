// host-local: which addresses are given to whom, beyond the ranges.
#include "plugins/host-local/policy_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostLocalPolicyOf : public HostLocalPolicyTest {
protected:
    std::string requested(const char* ip, const PluginArgs& plugin_args) {
        config_["runtimeConfig"]["ips"] = {ip};
        const PluginRun run = call("ADD", plugin_args);
        config_.erase("runtimeConfig");
        return run.ok() ? join(addresses(run), " ") : cat(run.error_code(), " ", run.out);
    }
};

TEST_F(HostLocalPolicyOf, ExcludedAddressesAreNeverGiven) {
    config_["ipam"] = ipam({"10.1.2.0/28", "fd00:1::/125"});
    config_["ipam"]["exclude"] = {"10.1.2.0/29", "10.1.2.11", "fd00:1::4/126", "192.0.2.0/24"};
    EXPECT_EQ(add("c1"), "10.1.2.8/28 fd00:1::2/125");
    EXPECT_EQ(add("c2"), "10.1.2.9/28 fd00:1::3/125");
    EXPECT_THAT(call("ADD", "c3").error_message(), HasSubstr("range 1: no IP addresses available"));
    config_["ipam"]["ranges"].erase(1);
    EXPECT_THAT(exhaust("d"), ElementsAre("10.1.2.10", "10.1.2.12", "10.1.2.13", "10.1.2.14"));
    EXPECT_THAT(call("ADD", "c4").out, HasSubstr("ipam.exclude"));
}

TEST_F(HostLocalPolicyOf, AnExcludedAddressIsNotGivenOnRequestEither) {
    config_["ipam"]["exclude"] = {"10.1.2.5"};
    EXPECT_THAT(requested("10.1.2.5", args("c1")),
                AllOf(HasSubstr("999"), HasSubstr("requested ip 10.1.2.5 is excluded"),
                      HasSubstr("ipam.exclude[0]")));
    EXPECT_EQ(requested("10.1.2.4", args("c1")), "10.1.2.4/29");
    PluginArgs by_args = args("c2");
    by_args.args = "IP=10.1.2.5";
    EXPECT_THAT(call("ADD", by_args).error_message(), HasSubstr("10.1.2.5 is excluded"));
}

TEST_F(HostLocalPolicyOf, WhoHasAnAddressKeepsItWhenItIsExcludedLater) {
    add("c1");
    config_["ipam"]["exclude"] = {"10.1.2.0/29"};
    EXPECT_TRUE(call("CHECK", "c1").ok());
    EXPECT_EQ(call("STATUS").error_code(), 50);
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocalPolicyOf, StatusSeesThatNothingIsLeftBeforeAnythingIsMade) {
    config_["ipam"]["exclude"] = {"10.1.2.0/24"};
    const PluginRun run = call("STATUS");
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_THAT(run.out, HasSubstr("ipam.exclude"));
    EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(HostLocalPolicyOf, AReservedAddressIsItsOwners) {
    config_["ipam"]["reserve"] = json::parse(R"([
        {"address": "10.1.2.2", "pod": "ns/db-0"},
        {"address": "10.1.2.5", "containerID": "fixed"},
        {"address": "10.1.2.6", "mac": "02-00-00-00-00-0A"}])");
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add("fixed"), "10.1.2.5/29");
    EXPECT_EQ(add(pod("c3", "db-1")), "10.1.2.4/29");
    EXPECT_THAT(call("ADD", "c4").error_message(), HasSubstr("no IP addresses available"));
    EXPECT_EQ(call("STATUS").error_code(), 50) << "for those without a reservation";
    config_["runtimeConfig"]["mac"] = "02:00:00:00:00:0a";
    EXPECT_EQ(add("c4"), "10.1.2.6/29");
}

TEST_F(HostLocalPolicyOf, ADualStackOwnerHasOneInEachSet) {
    config_["ipam"] = ipam({"10.1.2.0/29", "fd00:1::/64"});
    config_["ipam"]["reserve"] = json::parse(R"([{"address": "fd00:1::77", "pod": "ns/db-0"},
                                                 {"address": "10.1.2.6", "pod": "ns/db-0"}])");
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.6/29 fd00:1::77/64");
    EXPECT_EQ(add("c2"), "10.1.2.2/29 fd00:1::2/64") << "goes on where the others were";
}

TEST_F(HostLocalPolicyOf, AnOwnerWhoseAddressIsTakenGetsAnother) {
    config_["ipam"]["reserve"] = json::parse(R"([{"address": "10.1.2.5", "pod": "ns/db-0"}])");
    plant("10.1.2.5", "somebody\r\neth0");
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c2", "db-0", "eth1")), "10.1.2.3/29");
    del("somebody");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.5/29");
}

TEST_F(HostLocalPolicyOf, AReservedAddressIsGivenOnRequestToItsOwnerAlone) {
    config_["ipam"]["reserve"] = json::parse(R"([{"address": "10.1.2.5", "pod": "ns/db-0"}])");
    EXPECT_THAT(requested("10.1.2.5", pod("c1", "db-1")),
                AllOf(HasSubstr("requested ip 10.1.2.5 is reserved for pod ns/db-0"),
                      HasSubstr("ipam.reserve[0]")));
    EXPECT_EQ(requested("10.1.2.4", pod("c2", "db-0")), "10.1.2.4/29") << "as he wishes";
    EXPECT_EQ(requested("10.1.2.5", pod("c3", "db-0")), "10.1.2.5/29");
}

TEST_F(HostLocalPolicyOf, AContradictionIsCode7AndMakesNothing) {
    config_["ipam"]["exclude"] = {"10.1.2.5"};
    config_["ipam"]["reserve"] = json::parse(R"([{"address": "10.1.2.5", "pod": "ns/db-0"}])");
    for (const char* command : {"ADD", "CHECK", "STATUS"}) {
        const PluginRun run = call(command);
        EXPECT_EQ(run.error_code(), 7) << run.report();
        EXPECT_EQ(run.error_message(),
                  "\"ipam.reserve[0]\": address 10.1.2.5 is excluded by \"ipam.exclude[0]\"");
    }
    EXPECT_TRUE(call("DEL").ok());
    gc({});
    EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(HostLocalPolicyOf, DelAndGcReleaseWhateverThePolicySays) {
    for (const char* broken :
         {R"({"exclude":7})", R"({"reserve":[{}]})", R"({"sticky":7,"cooldown":"x"})",
          R"({"strategy":[],"wholeSubnet":3})"}) {
        config_ = network(ipam({"10.1.2.0/29"}));
        add("c1");
        add("c2");
        config_["ipam"].update(json::parse(broken));
        EXPECT_EQ(call("ADD", "c3").error_code(), 7) << broken;
        del("c1");
        gc({});
        EXPECT_THAT(leases(), IsEmpty()) << broken;
    }
}

TEST_F(HostLocalPolicyOf, RangesOfTheRuntimeAreUnderTheSamePolicy) {
    config_["runtimeConfig"]["ipRanges"] = json::parse(R"([[{"subnet": "10.9.0.0/29"}]])");
    config_["ipam"] = {{"type", "host-local"},
                       {"exclude", {"10.9.0.2"}},
                       {"reserve", json::parse(R"([{"address":"10.9.0.3","pod":"ns/db-0"}])")}};
    EXPECT_EQ(add("c1"), "10.9.0.4/29");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.9.0.3/29");
    config_["runtimeConfig"]["ipRanges"][0][0]["subnet"] = "10.8.0.0/29";
    EXPECT_EQ(call("ADD", "c3").error_message(),
              "\"ipam.reserve[0]\": address 10.9.0.3 is in none of the ranges");
}

TEST_F(HostLocalPolicyOf, TheLowestFreeAddressMayBeGiven) {
    config_["ipam"]["ranges"] =
        json::parse(R"([[{"subnet": "10.1.3.0/29"}, {"subnet": "10.1.2.0/30"}]])");
    config_["ipam"]["strategy"] = "lowest";
    EXPECT_EQ(add("c1"), "10.1.2.2/30");
    EXPECT_EQ(add("c2"), "10.1.3.2/29");
    EXPECT_EQ(add("c3"), "10.1.3.3/29");
    del("c1");
    del("c2");
    EXPECT_EQ(add("c4"), "10.1.2.2/30");
    EXPECT_EQ(add("c5"), "10.1.3.2/29");
    EXPECT_EQ(add("c6"), "10.1.3.4/29");
}

TEST_F(HostLocalPolicyOf, ARandomAddressMayBeGiven) {
    config_["ipam"] = ipam({"fd00:1::/64"});
    config_["ipam"]["strategy"] = "random";
    std::set<std::string> given;
    for (int i = 0; i < 8; ++i) given.insert(add(cat("c", i)));
    EXPECT_EQ(given.size(), 8u);
    EXPECT_THAT(given, ::testing::Not(::testing::Contains("fd00:1::2/64")));
    config_["name"] = "small";
    config_["ipam"] = ipam({"10.1.2.0/28"});
    config_["ipam"]["strategy"] = "random";
    config_["ipam"]["exclude"] = {"10.1.2.4/30"};
    EXPECT_EQ(exhaust("d").size(), 9u) << "all there are, none twice";
}

TEST_F(HostLocalPolicyOf, SmallSubnetsHaveNothingToSpare) {
    config_["ipam"] = ipam({"10.1.2.4/31", "fd00:1::4/127", "10.1.3.7/32", "fd00:2::7/128"});
    const PluginRun run = call("ADD", "c1");
    EXPECT_EQ(join(addresses(run), " "), "10.1.2.5/31 fd00:1::5/127 10.1.3.7/32 fd00:2::7/128");
    const json ips = run.json()["ips"];
    EXPECT_EQ(ips[0]["gateway"], "10.1.2.4");
    EXPECT_EQ(ips[1]["gateway"], "fd00:1::4");
    EXPECT_FALSE(ips[2].contains("gateway"));
    EXPECT_FALSE(ips[3].contains("gateway"));
    EXPECT_FALSE(call("ADD", "c2").ok());
    EXPECT_EQ(call("STATUS").error_code(), 50);
    del("c1");
    EXPECT_EQ(addresses(call("ADD", "c2")).size(), 4u);
}

TEST_F(HostLocalPolicyOf, AGatewayElsewhereLeavesBothAddressesOfALink) {
    config_["ipam"]["ranges"] =
        json::parse(R"([[{"subnet": "10.1.2.4/31", "gateway": "10.1.2.1"}]])");
    EXPECT_THAT(exhaust("c"), ElementsAre("10.1.2.4", "10.1.2.5"));
}

TEST_F(HostLocalPolicyOf, AWholeSubnetIsUsedOnRequest) {
    config_["ipam"]["ranges"] =
        json::parse(R"([[{"subnet": "10.1.2.0/30", "wholeSubnet": true, "gateway": "10.9.9.9"}]])");
    EXPECT_THAT(exhaust("c"), ElementsAre("10.1.2.0", "10.1.2.1", "10.1.2.2", "10.1.2.3"));
    config_["ipam"] = {{"type", "host-local"}, {"subnet", "fd00:1::/126"}, {"wholeSubnet", true}};
    EXPECT_THAT(exhaust("d"), ElementsAre("fd00:1::", "fd00:1::2", "fd00:1::3"));
}

TEST_F(HostLocalPolicyOf, TheFilesAreThoseOfTheReference) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    config_["ipam"].update(json::parse(R"({
        "exclude": ["10.1.2.2"], "sticky": "pod", "cooldown": 60, "strategy": "lowest",
        "reserve": [{"address": "10.1.2.6", "pod": "ns/db-0"}]})"));
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
    EXPECT_EQ(content("10.1.2.3"), "c1\r\neth0");
    EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.3");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3"));
    // It knows no policy, and goes on behind us; we see what it has given.
    EXPECT_EQ(join(addresses(reference("ADD", "c2")), " "), "10.1.2.4/29");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.6/29");
    EXPECT_EQ(join(addresses(reference("ADD", "c4")), " "), "10.1.2.5/29");
    EXPECT_EQ(join(addresses(reference("ADD", "c5")), " "), "10.1.2.2/29");
    EXPECT_TRUE(reference("DEL", "c3").ok());
    for (const char* id : {"c1", "c2", "c4", "c5"}) del(id);
    EXPECT_THAT(leases(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
