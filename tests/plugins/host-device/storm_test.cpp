// Many at once, who want the same device or each their own.
#include <list>

#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostDeviceStorm : public HostDeviceTest {
protected:
    static constexpr int many = 24;
    using Containers = std::list<TestNetns>;

    static Containers containers() {
        Containers made;
        for (int i = 0; i < many; ++i) made.emplace_back(cat("c", i));
        return made;
    }
    static std::string device_of(const TestNetns& c) { return cat("lan-", c.name()); }

    template <typename Config>
    static std::vector<PluginRun> at_once(const std::string& command, const Containers& containers,
                                          Config config) {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            running.push_back(
                Process::start(plugin_program("host-device", command, args(c), config(c).dump())));
        std::vector<PluginRun> finished;
        for (Process& process : running) finished.push_back(wait_for_plugin(process));
        return finished;
    }
};

TEST_F(HostDeviceStorm, OneDeviceGoesToOneContainer) {
    const json before = device();
    const Containers all = containers();
    const auto config = [&](const TestNetns&) { return lending(); };
    int lent = 0;
    for (const PluginRun& run : at_once("ADD", all, config)) {
        if (run.ok()) ++lent;
        if (run.ok()) continue;
        // It had gone before it was found, or before it was moved.
        EXPECT_THAT(run.error_message(),
                    AnyOf(HasSubstr("Link not found"), HasSubstr("No such device"),
                          HasSubstr("to container NS")));
    }
    EXPECT_EQ(lent, 1);
    EXPECT_TRUE(link("uplink").is_null());
    for (const PluginRun& run : at_once("DEL", all, config)) EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(device(), before);
    EXPECT_THAT(leases(), IsEmpty());
    EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HostDeviceStorm, EachGetsAndReturnsItsOwn) {
    const Containers all = containers();
    for (const TestNetns& c : all)
        shell(cat("ip link add ", device_of(c), " up type veth peer name far-", c.name(),
                  " netns outside; ip link set ", device_of(c), " alias x-", c.name()));
    const Snapshot before = host_snapshot();
    const auto config = [&](const TestNetns& c) { return lending({{"device", device_of(c)}}); };
    for (int round = 0; round < 2; ++round) {
        for (const PluginRun& run : at_once("ADD", all, config))
            EXPECT_TRUE(run.ok()) << run.report();
        for (const TestNetns& c : all) EXPECT_EQ(link(c, "eth0")["ifalias"], device_of(c));
        for (const PluginRun& run : at_once("DEL", all, config))
            EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(host_snapshot().links, before.links);
        for (const TestNetns& c : all)
            EXPECT_EQ(device(device_of(c))["ifalias"], cat("x-", c.name()));
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_THAT(records(), IsEmpty());
    }
}

}  // namespace
}  // namespace cni::test
