// Many at once.
#include <list>
#include <set>

#include "fixture.h"

namespace cni::test {
namespace {

class TapStorm : public TapTest {};

TEST_F(TapStorm, EachContainerGetsItsOwn) {
    std::list<TestNetns> containers;
    for (int i = 0; i < 40; ++i) containers.emplace_back(cat("c", i));
    const auto at_once = [&](const std::string& command) {
        std::vector<Process> running;
        for (const TestNetns& c : containers)
            running.push_back(
                Process::start(plugin_program("tap", command, args(c), network().dump())));
        std::vector<PluginRun> finished;
        for (Process& process : running) finished.push_back(wait_for_plugin(process));
        for (const PluginRun& run : finished) EXPECT_TRUE(run.ok()) << run.report();
        return finished;
    };
    std::set<std::string> macs, addresses;
    for (const PluginRun& run : at_once("ADD")) {
        macs.insert(mac(run.json()));
        addresses.insert(address_of(run.json(), '4'));
    }
    EXPECT_EQ(macs.size(), 40u);
    EXPECT_EQ(addresses.size(), 40u);
    at_once("DEL");
    EXPECT_TRUE(leases().empty());
    for (const TestNetns& c : containers)
        EXPECT_EQ(c.output_of({"ip", "-o", "link", "show", "type", "tun"}), "");
}

}  // namespace
}  // namespace cni::test
