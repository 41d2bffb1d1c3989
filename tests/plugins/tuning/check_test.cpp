// CHECK names what differs from what was asked for, and nothing else.

#include "plugins/tuning/fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class TuningCheck : public TuningTest {};

TEST_F(TuningCheck, CheckNamesEachDifference) {
    ASSERT_TRUE(tuning("ADD", all()).ok());
    const auto expect_found = [&](const char* change, const char* back,
                                  const std::string& message) {
        shell(change);
        EXPECT_EQ(tuning("CHECK", all()).error_message(), message);
        shell(back);
        EXPECT_TRUE(tuning("CHECK", all()).ok()) << change << tuning("CHECK", all()).report();
    };
    expect_found("sysctl -qw net.core.somaxconn=128", "sysctl -qw net.core.somaxconn=500",
                 "Error: Tuning configured value of /proc/sys/net/core/somaxconn is 500, current "
                 "value is 128");
    expect_found("ip link set eth0 mtu 1500", "ip link set eth0 mtu 1400",
                 "Error: Tuning configured MTU of eth0 is 1400, current value is 1500");
    expect_found("ip link set eth0 promisc off", "ip link set eth0 promisc on",
                 "Error: Tuning configured promiscuous mode of eth0 is true, current value is "
                 "false");
    expect_found("ip link set eth0 allmulticast off", "ip link set eth0 allmulticast on",
                 "Error: Tuning configured all-multicast mode of eth0 is true, current value is "
                 "false");
    expect_found("ip link set eth0 txqueuelen 5", "ip link set eth0 txqueuelen 77",
                 "Error: Tuning configured Transmit Queue Length of eth0 is 77, current value is "
                 "5");
    expect_found("ip link set eth0 address 02:00:00:00:00:07",
                 "ip link set eth0 address c2:b0:57:49:47:f1",
                 "Error: Tuning configured Ethernet of eth0 is c2:b0:57:49:47:f1, current value "
                 "is 02:00:00:00:00:07");
    shell("ip link delete eth0");
    EXPECT_THAT(
        tuning("CHECK", {{"mtu", 1400}, {"prevResult", {{"interfaces", nullptr}}}}).error_message(),
        HasSubstr("Cannot find container link eth0"));
}

TEST_F(TuningCheck, LooksOnlyAtWhatIsConfigured) {
    shell("ip link set eth0 promisc on allmulticast on mtu 1300 txqueuelen 5");
    for (const json& keys : std::vector<json>{json::object(), {{"promisc", false}}, {{"mtu", 0}}})
        EXPECT_TRUE(tuning("CHECK", keys).ok()) << tuning("CHECK", keys).report();
    EXPECT_THAT(tuning("CHECK", {{"allmulti", false}}).error_message(),
                HasSubstr("configured all-multicast mode of eth0 is false, current value is true"));
}

TEST_F(TuningCheck, ValuesCountNotTheirSpelling) {
    const json keys = {{"mac", "C2-B0-57-49-47-F1"},
                       {"sysctl",
                        {{"net.ipv4.ip_local_port_range", "  1024 65000"},
                         {"net.core.somaxconn", "0x200"},
                         {"net.ipv4.route.flush", "1"}}}};
    ASSERT_TRUE(tuning("ADD", keys).ok()) << tuning("ADD", keys).report();
    EXPECT_TRUE(tuning("CHECK", keys).ok()) << tuning("CHECK", keys).report();
    shell("echo 1024 65001 >/proc/sys/net/ipv4/ip_local_port_range");
    EXPECT_THAT(tuning("CHECK", keys).error_message(), HasSubstr("current value is 1024\t65001"));
}

TEST_F(TuningCheck, TheRecordedMacIsTheInterfaces) {
    const auto check = [&](const json& interface) {
        return tuning("CHECK", {{"prevResult", {{"interfaces", {interface}}}}}).error_message();
    };
    const json other = {{"name", "eth0"}, {"mac", "02:00:00:00:00:07"}};
    json recorded = other;
    recorded["sandbox"] = container_->path();
    EXPECT_EQ(check(recorded),
              "interface eth0 has MAC 02:00:00:00:00:01 instead of 02:00:00:00:00:07 as prevResult "
              "says");
    recorded["sandbox"] = "/run/../run/netns/c1";
    EXPECT_THAT(check(recorded), HasSubstr("instead of 02:00:00:00:00:07"));
    EXPECT_EQ(check(other), "");
}

TEST_F(TuningCheck, NeedsWhatAddNeeds) {
    EXPECT_EQ(tuning("CHECK", {{"prevResult", nullptr}}).error_message(),
              "Required prevResult missing");
    EXPECT_THAT(tuning("CHECK", {}, "FOO=bar").error_message(), HasSubstr("unknown args"));
    EXPECT_THAT(tuning("CHECK", {{"mac", "xx"}}).error_message(), HasSubstr("invalid args xx"));
    EXPECT_EQ(tuning("CHECK", {{"sysctl", {{"net.core.nonexist", "1"}}}}).error_message(),
              "open /proc/sys/net/core/nonexist: No such file or directory");
    PluginArgs nowhere = args(*container_);
    nowhere.netns = "/run/netns/none";
    EXPECT_EQ(run_plugin("tuning", "CHECK", nowhere, config().dump()).error_code(), 8);
}

}  // namespace
}  // namespace cni::test
