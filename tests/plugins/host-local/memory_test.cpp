// host-local: who comes back to his address, and which addresses rest.
#include "plugins/host-local/policy_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int a_week = 7 * 24 * 3600;

class HostLocalSticky : public HostLocalPolicyBoot {
protected:
    void SetUp() override {
        HostLocalPolicyBoot::SetUp();
        config_["ipam"]["sticky"] = "pod";
    }
};

TEST_F(HostLocalSticky, AReturningPodGetsTheAddressItHad) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c2", "db-1")), "10.1.2.3/29");
    del("c1");
    del("c2");
    EXPECT_EQ(add(pod("c3", "db-1")), "10.1.2.3/29");
    EXPECT_EQ(add(pod("c4", "db-2")), "10.1.2.4/29") << "returning moves nothing on";
    EXPECT_EQ(add(pod("c5", "db-0")), "10.1.2.2/29");
}

TEST_F(HostLocalSticky, WithoutTheKeyItDoesNot) {
    config_["ipam"].erase("sticky");
    add(pod("c1", "db-0"));
    del("c1");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29");
    del("c2");
    EXPECT_FALSE(std::filesystem::exists(index_file)) << "nothing is remembered";
}

TEST_F(HostLocalSticky, WhileSomebodyElseHasItAnotherIsGivenAndRemembered) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29") << "the old one is not deleted yet";
    del("c1");
    del("c2");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.3/29");
    config_["runtimeConfig"]["ips"] = {"10.1.2.2"};
    EXPECT_EQ(add(pod("c4", "db-1")), "10.1.2.2/29");
    config_.erase("runtimeConfig");
    del("c4");
    EXPECT_EQ(add(pod("c5", "db-1")), "10.1.2.2/29") << "remembered on request as well";
}

TEST_F(HostLocalSticky, WhoeverHadItLastIsWhoReturns) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    del("c1");
    config_["runtimeConfig"]["ips"] = {"10.1.2.2"};
    EXPECT_EQ(add("nameless"), "10.1.2.2/29");
    config_.erase("runtimeConfig");
    del("nameless");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29");
}

TEST_F(HostLocalSticky, EachInterfaceReturnsToItsOwn) {
    EXPECT_EQ(add(pod("c1", "db-0", "eth0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c1", "db-0", "eth1")), "10.1.2.3/29");
    EXPECT_TRUE(call("DEL", args("c1", "eth0")).ok());
    EXPECT_TRUE(call("DEL", args("c1", "eth1")).ok());
    EXPECT_EQ(add(pod("c2", "db-0", "eth1")), "10.1.2.3/29");
    EXPECT_EQ(add(pod("c2", "db-0", "eth0")), "10.1.2.2/29");
}

TEST_F(HostLocalSticky, EachSetIsReturnedTo) {
    config_["ipam"]["ranges"] = ipam({"10.1.2.0/29", "fd00:1::/64", "10.7.0.0/24"})["ranges"];
    add(pod("c0", "db-9"));
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.3/29 fd00:1::3/64 10.7.0.3/24");
    del("c1");
    plant("fd00:1::3", "other\r\neth0");
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29 fd00:1::4/64 10.7.0.3/24");
    del("c2");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.3/29 fd00:1::4/64 10.7.0.3/24");
}

TEST_F(HostLocalSticky, ByContainerOrByMac) {
    config_["ipam"]["sticky"] = "containerID";
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    del("c1");
    EXPECT_EQ(add("c2"), "10.1.2.3/29");
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    config_["ipam"]["sticky"] = "mac";
    config_["runtimeConfig"]["mac"] = "02:00:00:00:00:01";
    EXPECT_EQ(add("c3"), "10.1.2.4/29");
    del("c3");
    config_["runtimeConfig"]["mac"] = "02:00:00:00:00:02";
    EXPECT_EQ(add("c4"), "10.1.2.5/29");
    config_["runtimeConfig"]["mac"] = "02:00:00:00:00:01";
    EXPECT_EQ(add("c5"), "10.1.2.4/29");
}

TEST_F(HostLocalSticky, AnAddressThatIsKeptFromHimByNowIsNotReturnedTo) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    del("c1");
    config_["ipam"]["exclude"] = {"10.1.2.2"};
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29");
    del("c2");
    config_["ipam"]["reserve"] = json::parse(R"([{"address":"10.1.2.3","pod":"ns/other"}])");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.4/29");
}

TEST_F(HostLocalSticky, AcrossReboots) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c2", "db-1")), "10.1.2.3/29");
    del("c2");
    boot("2");
    EXPECT_EQ(add(pod("c3", "db-1")), "10.1.2.3/29");
    EXPECT_EQ(add(pod("c4", "db-0")), "10.1.2.2/29");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
}

TEST_F(HostLocalSticky, WhileTheReferenceTakesTurns) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_TRUE(reference("DEL", "c1").ok());
    EXPECT_EQ(join(addresses(reference("ADD", "c2")), " "), "10.1.2.3/29");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.2/29");
}

TEST_F(HostLocalSticky, ALostIndexLosesThePreferenceAlone) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    del("c1");
    std::filesystem::remove(index_file);
    EXPECT_EQ(add(pod("c2", "db-0")), "10.1.2.3/29");
    del("c2");
    EXPECT_EQ(exhaust("c").size(), 5u);
}

TEST_F(HostLocalSticky, AnIndexThatIsDamagedElsewhereStillTellsIt) {
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    del("c1");
    // All sums: no page is proved, but each hint proves itself.
    std::string index = *read_file(index_file, 1 << 20);
    index.replace(index.size() - 4096, 4096, std::string(4096, 'x'));
    output_of({"tee", index_file}, index);
    add(pod("c2", "db-1"));
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.2/29");
}

class HostLocalCooldown : public HostLocalPolicyBoot {
protected:
    void SetUp() override {
        HostLocalPolicyBoot::SetUp();
        if (!IsSkipped() && !has_time_namespaces()) GTEST_SKIP() << "no time namespaces";
        config_["ipam"]["cooldown"] = 1000;
    }
    /// Nothing is free but what rests.
    void expect_all_rest(const std::string& id) const {
        const PluginRun run = call("ADD", id);
        EXPECT_EQ(run.error_code(), 11) << run.report();
        EXPECT_THAT(run.out, AllOf(HasSubstr("no IP addresses available in range set"),
                                   HasSubstr("ipam.cooldown")));
    }
};

TEST_F(HostLocalCooldown, AReleasedAddressRests) {
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    del("c1");
    EXPECT_THAT(exhaust("c"), ElementsAre("10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"));
    expect_all_rest("new");
    EXPECT_EQ(later(900, "ADD", args("new")).error_code(), 11);
    EXPECT_EQ(join(addresses(later(1001, "ADD", args("new"))), " "), "10.1.2.2/29");
}

TEST_F(HostLocalCooldown, StatusSeesThatTheRestIsResting) {
    add("c1");
    EXPECT_TRUE(call("STATUS").ok());
    EXPECT_EQ(exhaust("d").size(), 4u);
    del("c1");
    const PluginRun run = call("STATUS");
    EXPECT_EQ(run.error_code(), 50) << run.report();
    EXPECT_THAT(run.out, HasSubstr("ipam.cooldown"));
    EXPECT_TRUE(later(1001, "STATUS", args("")).ok());
}

TEST_F(HostLocalCooldown, WhatRestsIsGivenToWhoAsksForItByName) {
    add("c1");
    del("c1");
    config_["runtimeConfig"]["ips"] = {"10.1.2.2"};
    EXPECT_EQ(add("c2"), "10.1.2.2/29");
}

TEST_F(HostLocalCooldown, WhoReturnsOrHasAReservationIsNotKeptWaiting) {
    config_["ipam"]["sticky"] = "pod";
    config_["ipam"]["reserve"] = json::parse(R"([{"address":"10.1.2.6","pod":"ns/db-9"}])");
    EXPECT_EQ(add(pod("c1", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c2", "db-9")), "10.1.2.6/29");
    del("c1");
    del("c2");
    EXPECT_EQ(add(pod("c3", "db-0")), "10.1.2.2/29");
    EXPECT_EQ(add(pod("c4", "db-9")), "10.1.2.6/29");
}

TEST_F(HostLocalCooldown, WhatGcReleasesRestsToo) {
    for (int i = 0; i < 5; ++i) add(cat("c", i));
    gc({"c3"});
    expect_all_rest("new");
}

TEST_F(HostLocalCooldown, WhatABrokenConfigurationReleasesRestsToo) {
    for (int i = 0; i < 5; ++i) add(cat("c", i));
    const json good = config_;
    config_["ipam"]["ranges"] = "nonsense";
    del("c3");
    config_ = good;
    expect_all_rest("new");
}

TEST_F(HostLocalCooldown, WhatTheReferenceReleasesRestsSinceItIsSeen) {
    if (!reference_dir()) GTEST_SKIP() << "containernetworking-plugins is not installed";
    for (int i = 0; i < 5; ++i) add(cat("c", i));
    EXPECT_TRUE(reference("DEL", "c3").ok());
    expect_all_rest("new");
    EXPECT_EQ(join(addresses(reference("ADD", "theirs")), " "), "10.1.2.5/29") << "knows no rest";
}

TEST_F(HostLocalCooldown, AnAddThatFailsLetsNothingRest) {
    config_["ipam"]["ranges"] = ipam({"10.1.2.0/29", "10.7.0.0/30"})["ranges"];
    EXPECT_EQ(add("c1"), "10.1.2.2/29 10.7.0.2/30");
    EXPECT_EQ(call("ADD", "c2").error_code(), 999);
    config_["ipam"]["ranges"] = ipam({"10.1.2.0/29"})["ranges"];
    EXPECT_EQ(exhaust("d").size(), 4u);
}

TEST_F(HostLocalCooldown, OfAnEarlierBootOnlyTheTimeOfThisOneCounts) {
    config_["ipam"]["cooldown"] = a_week;
    add("c1");
    del("c1");
    exhaust("c");
    boot("2");
    config_["ipam"]["ranges"][0][0]["rangeEnd"] = "10.1.2.2";
    expect_all_rest("new");
    EXPECT_TRUE(later(a_week, "ADD", args("new")).ok()) << "it has been up for that long";
}

TEST_F(HostLocalCooldown, WhatARebootEndedRestsSinceThen) {
    config_["ipam"]["cooldown"] = a_week;
    fill();
    boot("2");
    expect_all_rest("new");
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_TRUE(later(a_week, "ADD", args("new")).ok());
}

TEST_F(HostLocalCooldown, AMomentThatIsStillToComeIsNotBelieved) {
    add("c1");
    EXPECT_TRUE(later(5000, "DEL", args("c1")).ok());
    config_["ipam"]["ranges"][0][0]["rangeEnd"] = "10.1.2.2";
    EXPECT_EQ(add("c2"), "10.1.2.2/29");
}

TEST_F(HostLocalCooldown, ALostIndexEndsAllRest) {
    add("c1");
    del("c1");
    std::filesystem::remove(index_file);
    EXPECT_EQ(exhaust("c").size(), 5u);
}

TEST_F(HostLocalCooldown, ManyThatRestAreNotAskedOneByOne) {
    config_ = network(ipam({"10.7.0.0/22"}));
    config_["ipam"]["cooldown"] = 1000;
    config_["ipam"]["strategy"] = "lowest";
    for (int i = 0; i < 300; ++i) add(cat("c", i));
    gc({});
    EXPECT_EQ(add("new"), "10.7.1.46/22");
}

}  // namespace
}  // namespace cni::test
