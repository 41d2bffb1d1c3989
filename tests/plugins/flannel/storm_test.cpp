// Many at once.
#include <list>
#include <set>

#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::IsEmpty;

TEST_F(FlannelTest, ManyAtOnceGetTheirOwnAndLeaveNothing) {
    std::list<TestNetns> containers;
    for (int i = 0; i < 20; ++i) containers.emplace_back(cat("c", i));
    const auto at_once = [&](const std::string& command) {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            for (const char* ifname : {"eth0", "net1"})
                running.push_back(Process::start(
                    plugin_program("flannel", command, args(c, ifname), network().dump())));
        std::vector<PluginRun> finished;
        for (Process& process : running) finished.push_back(wait_for_plugin(process));
        for (const PluginRun& run : finished) EXPECT_TRUE(run.ok()) << run.report();
        return finished;
    };
    std::set<std::string> addresses;
    for (const PluginRun& run : at_once("ADD")) addresses.insert(address_of(run.json(), '4'));
    EXPECT_EQ(addresses.size(), 40u);
    EXPECT_EQ(records().size(), 40u);
    at_once("DEL");
    EXPECT_THAT(records(), IsEmpty());
    EXPECT_THAT(leases(), IsEmpty());
    for (const TestNetns& c : containers) EXPECT_TRUE(link(c, "eth0").is_null());
}

}  // namespace
}  // namespace cni::test
