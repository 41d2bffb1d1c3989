// DEL ends once the mappings are gone, and leaves the closing of its socket to another process.
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/orphans.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

class PortmapDeparture : public EachWay {
protected:
    void SetUp() override {
        EachWay::SetUp();
        if (!IsSkipped() && std::getenv("CNI_AWAIT_KERNEL"))
            GTEST_SKIP() << "CNI_AWAIT_KERNEL is set";
    }
    PluginRun del(const Container& c) const {
        PluginArgs arguments = args(c.netns);
        arguments.environment = {"CNI_AWAIT_KERNEL=0"};
        return call("DEL", arguments, config(c.result, {}));
    }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapDeparture, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapDeparture, OneIsLeftWhereSomethingWasDeletedFromNfTables) {
    const Container c("c1");
    const std::size_t expected = way() == Way::iptables_legacy ? 0 : 1;
    // None is left by a process that has to wait so long for a processor that its orphan ends
    // first.
    std::size_t left = 2;
    for (int attempt = 0; attempt < 100 && left != expected; ++attempt) {
        map(c, {mapping(8080, 80), mapping(8080, 80, "udp")});
        await_orphans();
        const PluginRun run = del(c);
        EXPECT_TRUE(run.ok()) << run.report();
        left = orphans().size();
        EXPECT_EQ(count("8080"), 0u) << rules();
    }
    EXPECT_EQ(left, expected);
    await_orphans();
    // Nothing is deleted any more.
    EXPECT_TRUE(del(c).ok());
    EXPECT_EQ(orphans().size(), 0u);
}

}  // namespace
}  // namespace cni::test
