// As many mappings as there are ports.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

class PortmapMany : public EachWay {
protected:
    static Mappings many() {
        Mappings out;
        for (int i = 0; i < 10'000; ++i) out.push_back(mapping(20'000 + i, 1 + i));
        return out;
    }
};

INSTANTIATE_TEST_SUITE_P(Ways, PortmapMany, ::testing::ValuesIn(all_ways),
                         [](const auto& test) { return to_string(test.param); });

TEST_P(PortmapMany, AreAddedAndRemovedAtOnce) {
    json result = some_result();
    result["ips"].erase(1);
    const PluginArgs c1{.container_id = "c1", .netns = "/run/netns/none", .ifname = "eth0"};
    const std::string before = rules();
    PluginRun run = call("ADD", c1, config(result, many()));
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_GE(count("20000"), 1u);
    EXPECT_GE(count("29999"), 1u);
    run = call("DEL", c1, config(result, {}));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(count("29999"), 0u);
    EXPECT_EQ(count("10.88.0.2"), 0u);
}

}  // namespace
}  // namespace cni::test
