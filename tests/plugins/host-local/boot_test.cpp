// host-local across reboots: leases of an earlier boot belong to nobody any more.
#include "plugins/host-local/fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;

TEST_F(HostLocalBoot, LeasesOfAnEarlierBootAreReclaimed) {
    fill();
    EXPECT_FALSE(call("ADD", "new").ok());
    boot("2");
    EXPECT_EQ(add("new"), "10.1.2.2/29");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    EXPECT_EQ(add("old3"), "10.1.2.3/29");
}

TEST_F(HostLocalBoot, StatusIsNotMisledByThem) {
    fill();
    EXPECT_EQ(call("STATUS").error_code(), 50);
    boot("2");
    EXPECT_TRUE(call("STATUS").ok()) << call("STATUS").report();
}

TEST_F(HostLocalBoot, LeasesOfThisBootStayWhateverElseIsReclaimed) {
    add("old");
    boot("2");
    add("new");
    plant("10.1.2.6", "someone\r\neth0");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3", "10.1.2.6"));
    add("newer");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3", "10.1.2.4", "10.1.2.6"));
}

TEST_F(HostLocalBoot, LeasesMadeByOthersAreNeverReclaimed) {
    add("old");
    plant("10.1.2.5", "foreign\r\neth0");
    EXPECT_TRUE(call("CHECK", "foreign").ok());
    boot("2");
    add("new");
    boot("3");
    add("newer");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.4", "10.1.2.5"));
}

TEST_F(HostLocalBoot, ALeaseTouchedSinceIsNotReclaimed) {
    add("old");
    plant("10.1.2.2", "old\r\neth0");
    boot("2");
    add("new");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
}

TEST_F(HostLocalBoot, NothingIsReclaimedInADirectoryThatTwoMachinesHaveUsed) {
    add("old");
    machine("b");
    boot("2");
    add("other");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3"));
    machine("a");
    boot("3");
    add("new");
    boot("4");
    add("newer");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5"));
}

TEST_F(HostLocalBoot, NothingIsReclaimedOnAMachineWithoutIdentity) {
    machine("");
    add("old");
    boot("2");
    add("new");
    machine("a");
    boot("3");
    add("newer");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3", "10.1.2.4"));
    boot("4");
    add("newest");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.1.2.3", "10.1.2.5"));
}

}  // namespace
}  // namespace cni::test
