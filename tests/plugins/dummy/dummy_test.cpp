// What the dummy plugin refuses.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class Dummy : public SandboxTest, protected DummyCalls {
protected:
    /// Each command that reads it says so.
    void expect_wrong(const json& keys, const std::string& message) const {
        const TestNetns c("c2");
        const json config = network(keys);
        expect_refused(config, 7, message);
        for (const PluginRun& run : {check(c, config, json::object()), call("STATUS", config)}) {
            EXPECT_EQ(run.error_code(), 7) << config << run.report();
            EXPECT_EQ(run.error_message(), message);
        }
    }
    static constexpr const char* multicast = "01:00:5e:00:00:01";
};

TEST_F(Dummy, RefusesAConfigurationThatIsWrong) {
    const std::string no_ipam = "dummy interface requires an IPAM configuration";
    expect_wrong({{"ipam", nullptr}}, no_ipam);
    expect_wrong({{"ipam", {{"type", ""}}}}, no_ipam);
    expect_wrong({{"ipam", 5}}, "\"ipam\" must be an object, not a number");
    expect_wrong({{"mtu", "1400"}}, "\"mtu\" must be an integer, not a string");
    expect_wrong({{"mtu", 65536}}, "\"mtu\" must be between -2147483648 and 65535");
    expect_wrong({{"mac", 5}}, "\"mac\" must be a string, not a number");
    const std::string no_mac = "invalid args xx for MAC addr: address xx: invalid MAC address";
    expect_wrong({{"mac", "xx"}}, no_mac);
    expect_wrong({{"runtimeConfig", {{"mac", "xx"}}}}, no_mac);
    expect_wrong({{"args", {{"cni", {{"mac", "xx"}}}}}}, no_mac);
    expect_wrong({{"mac", multicast}}, cat("an interface cannot have the MAC address ", multicast));
}

TEST_F(Dummy, RefusesWhatIsForTheResultOrComesFromTheRuntime) {
    expect_refused(network({{"dns", 5}}), 7, "\"dns\" must be an object, not a number");
    expect_refused(network(), 7, "invalid args xx for MAC addr: address xx: invalid MAC address",
                   "IP=10.1.2.9;MAC=xx");
}

}  // namespace
}  // namespace cni::test
