// host-local: what it allocates, releases, checks and reports.
#include <fcntl.h>
#include <sys/stat.h>

#include "plugins/host-local/fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HostLocal : public HostLocalTest {};

mode_t mode_of(const std::string& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
}

TEST_F(HostLocal, AddWritesTheLeaseAsTheReferenceDoes) {
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
    EXPECT_EQ(content("10.1.2.2"), "c1\r\neth0");
    EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.2");
    EXPECT_EQ(content("lock"), "");
    EXPECT_EQ(mode_of(directory), 0755u);
    EXPECT_EQ(mode_of(path("10.1.2.2")), 0600u);
    EXPECT_EQ(mode_of(path("last_reserved_ip.0")), 0600u);
    EXPECT_EQ(mode_of(path("lock")), 0600u);
}

TEST_F(HostLocal, AddPrintsGatewayRoutesAndDns) {
    output_of({"tee", "/run/resolv.conf"}, "nameserver 192.0.2.1\nsearch a.example\n");
    config_["ipam"]["routes"] = {{{"dst", "0.0.0.0/0"}}, {{"dst", "10.9.0.0/16"}, {"mtu", 1400}}};
    config_["ipam"]["resolvConf"] = "/run/resolv.conf";
    const PluginRun run = call("ADD");
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json(), json::parse(R"({"cniVersion":"1.1.0",
                  "ips":[{"address":"10.1.2.2/29","gateway":"10.1.2.1"}],
                  "routes":[{"dst":"0.0.0.0/0"},{"dst":"10.9.0.0/16","mtu":1400}],
                  "dns":{"nameservers":["192.0.2.1"],"search":["a.example"]}})"));
}

TEST_F(HostLocal, AnUnreadableResolvConfFailsBeforeAnythingIsMade) {
    config_["ipam"]["resolvConf"] = "/nonexistent";
    const PluginRun run = call("ADD");
    EXPECT_EQ(run.error_message(), "open /nonexistent: No such file or directory");
    EXPECT_NE(run.error_code(), 0);
    EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(HostLocal, AResolvConfThatIsAFifoIsNotWaitedFor) {
    output_of({"mkfifo", "/run/fifo"});
    const Fd writer = open_at(AT_FDCWD, "/run/fifo", O_RDWR, 0, "/run/fifo");
    config_["ipam"]["resolvConf"] = "/run/fifo";
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
}

TEST_F(HostLocal, AnInvalidConfigurationIsCode7AndMakesNothing) {
    config_["ipam"]["ranges"][0][0]["subnet"] = "10.1.2.1/31";
    for (const char* command : {"ADD", "CHECK", "STATUS"}) {
        const PluginRun run = call(command);
        EXPECT_EQ(run.error_code(), 7) << run.report();
        EXPECT_EQ(run.error_message(),
                  "invalid range set 0: Network has host bits set. For a subnet mask of length 31 "
                  "the network address is 10.1.2.0");
    }
    EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(HostLocal, EverySetGivesAnAddress) {
    config_["ipam"] = ipam({"10.1.2.0/29", "fd00:1::/64", "10.7.0.0/24"});
    EXPECT_EQ(add("c1"), "10.1.2.2/29 fd00:1::2/64 10.7.0.2/24");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.7.0.2", "fd00:1::2"));
    EXPECT_EQ(content("last_reserved_ip.1"), "fd00:1::2");
    EXPECT_EQ(content("last_reserved_ip.2"), "10.7.0.2");
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocal, AddressesGoRoundBeforeOneIsGivenAgain) {
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_EQ(add("c2"), "10.1.2.3/29");
    EXPECT_EQ(add("c3"), "10.1.2.4/29");
    del("c1");
    EXPECT_EQ(add("c4"), "10.1.2.5/29");
    EXPECT_EQ(add("c5"), "10.1.2.6/29");
    EXPECT_EQ(add("c6"), "10.1.2.2/29");
    del("c3");
    EXPECT_EQ(add("c7"), "10.1.2.4/29");
}

TEST_F(HostLocal, TheAddressGivenLastIsTriedLast) {
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    del("c1");
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
    plant("last_reserved_ip.0", "10.1.2.3");
    for (const char* taken : {"10.1.2.2", "10.1.2.4", "10.1.2.5", "10.1.2.6"}) plant(taken, "x");
    del("c1");
    EXPECT_EQ(add("c1"), "10.1.2.3/29");
}

TEST_F(HostLocal, AnUnusableLastAddressStartsFromTheBeginning) {
    for (const char* text : {"10.9.9.9", "junk", "10.1.2.4\n", ""}) {
        plant("last_reserved_ip.0", text);
        EXPECT_EQ(add("c1"), "10.1.2.2/29") << text;
        del("c1");
    }
}

TEST_F(HostLocal, TheAddressGivenLastIsRecordedWithoutRestsOfALongerOne) {
    for (const char* ip : {"10.1.2.6", "10.1.2.5"}) {
        plant("last_reserved_ip.0", "10.1.2.254 and more");
        config_["runtimeConfig"]["ips"] = {ip};
        add(ip);
        EXPECT_EQ(content("last_reserved_ip.0"), ip);
    }
}

TEST_F(HostLocal, AGatewayThatLiesInAnotherRangeIsNotGivenEither) {
    config_["ipam"]["ranges"] = nlohmann::json::parse(R"([
        [{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.10","rangeEnd":"10.1.2.12"},
         {"subnet":"10.1.2.0/24","rangeStart":"10.1.2.20","rangeEnd":"10.1.2.21",
          "gateway":"10.1.2.11"}],
        [{"subnet":"10.1.3.0/24","gateway":"10.1.2.21"}]])");
    EXPECT_THAT(exhaust("c"), ::testing::ElementsAre("10.1.2.10", "10.1.2.12", "10.1.2.20"));
    config_["runtimeConfig"]["ips"] = {"10.1.2.11"};
    EXPECT_THAT(call("ADD", "c9").error_message(), HasSubstr("is subnet's gateway"));
}

TEST_F(HostLocal, RangesOfASetFollowEachOtherAndGatewaysAreLeftOut) {
    config_["ipam"]["ranges"] = json::parse(R"([[
        {"subnet":"10.1.2.0/29","rangeStart":"10.1.2.5","gateway":"10.1.2.6"},
        {"subnet":"10.1.3.0/29","rangeEnd":"10.1.3.2"}]])");
    EXPECT_EQ(add("c1"), "10.1.2.5/29");
    EXPECT_EQ(add("c2"), "10.1.3.2/29");
    const PluginRun run = call("ADD", "c3");
    EXPECT_EQ(run.error_message(),
              "failed to allocate for range 0: no IP addresses available in range set: "
              "10.1.2.5-10.1.2.6,10.1.3.1-10.1.3.2");
    EXPECT_EQ(run.error_code(), 999);
}

TEST_F(HostLocal, AnExhaustedSetTakesNothingFromTheOthers) {
    config_["ipam"] = ipam({"fd00:1::/64", "10.1.2.0/30"});
    EXPECT_EQ(add("c1"), "fd00:1::2/64 10.1.2.2/30");
    const PluginRun run = call("ADD", "c2");
    EXPECT_THAT(run.error_message(), StartsWith("failed to allocate for range 1: no IP addresses"));
    EXPECT_THAT(run.out, HasSubstr(directory));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "fd00:1::2"));
}

TEST_F(HostLocal, ASecondAddOfTheSameAttachmentIsRefusedAndHarmless) {
    add("c1");
    const PluginRun run = call("ADD", "c1");
    EXPECT_EQ(run.error_message(),
              "failed to allocate for range 0: 10.1.2.2 has been allocated to c1, duplicate "
              "allocation is not allowed");
    EXPECT_THAT(run.out, HasSubstr("/var/lib/cni/networks/net/10.1.2.2"));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
}

TEST_F(HostLocal, AFailedSecondAddLeavesTheFirstOnesLeasesAlone) {
    config_["ipam"] = ipam({"10.1.2.0/29", "10.7.0.0/29"});
    add("c1");
    config_["runtimeConfig"]["ips"] = {"10.1.2.6"};
    const PluginRun run = call("ADD", "c1");
    EXPECT_THAT(run.error_message(), StartsWith("failed to allocate for range 1: 10.7.0.2 has"));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2", "10.7.0.2"));
}

TEST_F(HostLocal, EachInterfaceOfAContainerHasItsOwnLease) {
    EXPECT_EQ(add(args("c1", "eth0")), "10.1.2.2/29");
    EXPECT_EQ(add(args("c1", "eth1")), "10.1.2.3/29");
    EXPECT_TRUE(call("DEL", args("c1", "eth0")).ok());
    EXPECT_THAT(leases(), ElementsAre("10.1.2.3"));
}

TEST_F(HostLocal, RequestedAddressesAreGiven) {
    config_["ipam"] = ipam({"10.1.2.0/29", "fd00:1::/64"});
    config_["args"]["cni"]["ips"] = {"fd00:1::42/64"};
    PluginArgs with_args = args("c1");
    with_args.args = "IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.2.5";
    EXPECT_EQ(add(with_args), "10.1.2.5/29 fd00:1::42/64");
    EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.5");
}

TEST_F(HostLocal, OfSeveralRequestedAddressesInASetTheFirstCounts) {
    config_["ipam"]["ranges"].push_back({{{"subnet", "10.7.0.0/29"}}});
    config_["runtimeConfig"]["ips"] = {"10.7.0.5", "10.1.2.4", "10.1.2.3"};
    const PluginRun run = call("ADD");
    EXPECT_EQ(run.error_message(), "failed to allocate all requested IPs: 10.1.2.3");
    EXPECT_THAT(leases(), IsEmpty());
    config_["runtimeConfig"]["ips"] = {"10.7.0.5", "10.1.2.4"};
    EXPECT_EQ(add("c1"), "10.1.2.4/29 10.7.0.5/29");
}

TEST_F(HostLocal, RequestedAddressesThatCannotBeGivenAreNamed) {
    add("c1");
    const auto message = [&](const char* ip) {
        config_["runtimeConfig"]["ips"] = {ip};
        return call("ADD", "c2").error_message();
    };
    EXPECT_EQ(message("10.1.2.1"),
              "failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway");
    EXPECT_EQ(message("10.1.2.2"),
              "failed to allocate for range 0: requested IP address 10.1.2.2 is not available in "
              "range set 10.1.2.1-10.1.2.6");
    EXPECT_EQ(message("10.1.2.0"), "failed to allocate all requested IPs: 10.1.2.0");
    EXPECT_EQ(message("10.1.2.7"), "failed to allocate all requested IPs: 10.1.2.7");
    EXPECT_THAT(call("ADD", "c2").out, HasSubstr("no range set has these"));
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
}

TEST_F(HostLocal, AMessageSaysWhoHoldsARequestedAddress) {
    add("c1");
    config_["runtimeConfig"]["ips"] = {"10.1.2.2"};
    EXPECT_THAT(call("ADD", "c2").out,
                HasSubstr("lease file /var/lib/cni/networks/net/10.1.2.2 is held by c1 eth0"));
}

TEST_F(HostLocal, DelOfNothingSucceedsAndMakesNothing) {
    del("c1");
    EXPECT_FALSE(std::filesystem::exists(directory));
    add("c1");
    del("c1");
    del("c1");
    del("c2");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocal, DelReleasesWhateverIsWrongWithTheConfiguration) {
    for (const char* broken : {R"({"ranges":[[{"subnet":"nonsense"}]]})",
                               R"({"ranges":7,"resolvConf":"/nonexistent"})", "null", "7"}) {
        config_ = network(ipam({"10.1.2.0/29"}));
        add("c1");
        config_["ipam"] = json::parse(broken);
        config_["runtimeConfig"] = 7;
        PluginArgs with_args = args("c1");
        with_args.args = "nonsense";
        EXPECT_TRUE(call("DEL", with_args).ok()) << broken;
        EXPECT_THAT(leases(), IsEmpty()) << broken;
    }
}

TEST_F(HostLocal, LeasesOfTheOldFormAreTheContainersAtAnyInterface) {
    plant("10.1.2.4", "c1\n");
    EXPECT_THAT(call("ADD").error_message(), HasSubstr("10.1.2.4 has been allocated to c1"));
    EXPECT_TRUE(call("CHECK").ok());
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocal, LeasesOfTheOldFormGoOnlyWhenThereIsNoneOfTheNew) {
    add("c1");
    plant("10.1.2.4", "c1");
    del("c1");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.4"));
    del("c1");
    EXPECT_THAT(leases(), IsEmpty());
}

TEST_F(HostLocal, AContainerIdThatLooksLikeAnAddressDeletesNothingElse) {
    add("c1");
    plant("last_reserved_ip.0", "10.1.2.2");
    del("10.1.2.2");
    EXPECT_EQ(content("last_reserved_ip.0"), "10.1.2.2");
    EXPECT_EQ(add("10.1.2.2"), "10.1.2.3/29");
    del("10.1.2.2");
    EXPECT_THAT(leases(), ElementsAre("10.1.2.2"));
}

TEST_F(HostLocal, CheckFindsTheLease) {
    EXPECT_EQ(call("CHECK").error_message(),
              "host-local: Failed to find address added by container c1");
    EXPECT_FALSE(std::filesystem::exists(directory));
    const json result = call("ADD").json();
    EXPECT_TRUE(call("CHECK").ok());
    config_["prevResult"] = result;
    EXPECT_TRUE(call("CHECK").ok()) << call("CHECK").report();
    EXPECT_EQ(call("CHECK", "c2").error_code(), 999);
    EXPECT_FALSE(call("CHECK", args("c1", "eth1")).ok());
}

TEST_F(HostLocal, CheckWantsTheAddressInPrevResult) {
    config_["prevResult"] = call("ADD").json();
    config_["prevResult"]["ips"][0]["address"] = "10.1.2.3/29";
    const PluginRun run = call("CHECK");
    EXPECT_EQ(run.error_message(),
              "host-local: address 10.1.2.2 of the container is not in prevResult");
}

TEST_F(HostLocal, GcKeepsTheAttachmentsThatAreNamed) {
    add("c1");
    add("c2");
    add(args("c2", "eth1"));
    plant("10.1.2.5", "c1");
    plant("10.1.2.6", "gone");
    plant("10.1.2.0", "not a lease");
    config_["cni.dev/valid-attachments"] = json::parse(
        R"([{"containerID":"c1","ifname":"eth0"},{"containerID":"c2","ifname":"eth1"}])");
    const PluginRun run = call("GC");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(leases(), ElementsAre("10.1.2.0", "10.1.2.2", "10.1.2.4", "10.1.2.5"));
}

TEST_F(HostLocal, StatusIsFineUntilASetIsExhausted) {
    config_["ipam"] = ipam({"10.7.0.0/24", "10.1.2.0/30"});
    EXPECT_TRUE(call("STATUS").ok()) << call("STATUS").report();
    EXPECT_FALSE(std::filesystem::exists("/var/lib/cni/networks"));
    add("c1");
    const PluginRun run = call("STATUS");
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_EQ(run.error_message(), "no IP addresses available in range set: 10.1.2.1-10.1.2.2");
    del("c1");
    EXPECT_TRUE(call("STATUS").ok());
}

TEST_F(HostLocal, StatusSeesADirectoryThatCannotBeWritten) {
    output_of({"mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "/var/lib/cni"});
    const PluginRun run = call("STATUS");
    EXPECT_EQ(run.error_code(), 50);
    EXPECT_EQ(run.error_message(), "lease directory is not writable: Read-only file system");
}

TEST_F(HostLocal, StatusSeesAResolvConfThatCannotBeRead) {
    config_["ipam"]["resolvConf"] = "/nonexistent";
    EXPECT_EQ(call("STATUS").error_code(), 50);
}

TEST_F(HostLocal, PrintsTheShapeOfEveryVersion) {
    for (const char* version : {"0.1.0", "0.2.0", "0.3.0", "0.4.0", "1.0.0"}) {
        config_["cniVersion"] = version;
        const PluginRun run = call("ADD", cat("c", version));
        ASSERT_TRUE(run.ok()) << run.report();
        const json result = run.json();
        EXPECT_EQ(result["cniVersion"], version);
        EXPECT_TRUE(result.contains(version[0] == '0' && version[2] < '3' ? "ip4" : "ips"));
    }
}

TEST_F(HostLocal, LeasesMayBeKeptElsewhereEvenByARelativePath) {
    config_["ipam"]["dataDir"] = "../../var/lib/cni/else/where";
    std::filesystem::current_path("/run/netns");
    EXPECT_EQ(add("c1"), "10.1.2.2/29");
    EXPECT_TRUE(std::filesystem::exists("/var/lib/cni/else/where/net/10.1.2.2"));
    del("c1");
    EXPECT_FALSE(std::filesystem::exists("/var/lib/cni/else/where/net/10.1.2.2"));
}

}  // namespace
}  // namespace cni::test
