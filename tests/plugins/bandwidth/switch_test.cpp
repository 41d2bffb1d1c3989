// From and to the reference plugin, while containers run.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BandwidthSwitch : public BandwidthTest {
protected:
    void SetUp() override {
        if (!reference_dir()) GTEST_SKIP() << "needs the package containernetworking-plugins";
        BandwidthTest::SetUp();
    }
    json limit_by_reference(const json& config) const {
        const PluginRun run = reference("ADD", config);
        EXPECT_TRUE(run.ok()) << run.report();
        return run.ok() ? run.json() : json::object();
    }
};

TEST_F(BandwidthSwitch, ItsContainersAreOurs) {
    for (const std::uint64_t rate : {8'000'000, 3'333'333}) {
        json keys = receiving(rate, 7'777'777);
        keys.update(sending(rate, 7'777'777));
        const json config = this->config(keys);
        const json added = recorded(config, limit_by_reference(config));
        EXPECT_TRUE(exists(reference_ifb()));
        expect_ok("CHECK", added);
        expect_ok("DEL", added);
        EXPECT_EQ(state(), before_);
        // Without a record, and when the pair is there no more in the end.
        limit_by_reference(config);
        expect_ok("DEL", config);
        EXPECT_EQ(state(), before_);
    }
}

TEST_F(BandwidthSwitch, OurAddReplacesIts) {
    limit_by_reference(both());
    const json result = limit(both());
    expect_ok("CHECK", recorded(both(), result));
    EXPECT_THAT(ifbs(), ::testing::ElementsAre(ifb()));
    expect_traffic();
    expect_ok("DEL", both());
    EXPECT_EQ(state(), before_);
}

TEST_F(BandwidthSwitch, OurContainersAreIts) {
    const json added = recorded(both(), limit(both()));
    const PluginRun checked = reference("CHECK", added);
    EXPECT_TRUE(checked.ok()) << checked.report();
    const PluginRun deleted = reference("DEL", added);
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_THAT(ifbs(), IsEmpty());
    // And back once more: the filter that it leaves lets nothing through.
    limit(both());
    expect_traffic();
    expect_ok("DEL", both());
    EXPECT_EQ(state(), before_);
}

TEST_F(BandwidthSwitch, TheResultIsTheSame) {
    const json ours = limit(both());
    expect_ok("DEL", both());
    const json theirs = limit_by_reference(both());
    ASSERT_EQ(theirs["interfaces"].size(), ours["interfaces"].size());
    json same = ours;
    same["interfaces"].back() = theirs["interfaces"].back();
    json all = theirs;
    for (json* each : {&same, &all}) each->erase("dns");
    EXPECT_EQ(all, same);
}

// What limits is the same, too.
TEST_F(BandwidthSwitch, TheBucketsAreTheSame) {
    limit(both());
    const auto bucket = [](const std::string& name) {
        const std::string text = qdiscs(name);
        const auto from = text.find(" rate "), to = text.find(" linklayer");
        return text.substr(from, to - from);
    };
    const std::string in = bucket(end()), out = bucket(ifb());
    expect_ok("DEL", both());
    limit_by_reference(both());
    EXPECT_EQ(bucket(end()).find(in.substr(0, in.find('\n'))), 0U) << bucket(end()) << in;
    EXPECT_EQ(bucket(reference_ifb()), out);
}

}  // namespace
}  // namespace cni::test
