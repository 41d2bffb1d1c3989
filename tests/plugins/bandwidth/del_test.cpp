#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BandwidthDel : public BandwidthTest {
protected:
    static json bare(const json& keys = json::object()) {
        json out = {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "bandwidth"}};
        out.merge_patch(keys);
        return out;
    }
    PluginRun gc(const json& valid, const std::string& network = "net1") const {
        return call("GC", {.container_id = {}, .netns = {}, .ifname = {}},
                    bare({{"name", network}, {"cni.dev/valid-attachments", valid}}));
    }
    void expect_gc(const json& valid, const std::string& network = "net1") const {
        const PluginRun run = gc(valid, network);
        EXPECT_TRUE(run.ok()) << run.report();
    }
};

// Neither record nor namespace, and a configuration that no ADD would take.
TEST_F(BandwidthDel, NeedsNothing) {
    PluginArgs nowhere = args(*container_);
    nowhere.netns = "";
    for (const json& config : {bare(), bare({{"ingressRate", -5}}), bare({{"egressRate", "100M"}}),
                               bare({{"prevResult", "none"}})}) {
        limit(both());
        for (int i = 0; i < 2; ++i) {
            const PluginRun run = call("DEL", nowhere, config);
            EXPECT_TRUE(run.ok()) << run.report();
        }
        EXPECT_EQ(state(), before_);
    }
}

TEST_F(BandwidthDel, WhenThePairIsGone) {
    limit(both());
    shell(cat("ip link delete ", end()));
    EXPECT_THAT(ifbs(), ElementsAre(ifb()));
    expect_ok("DEL", bare());
    EXPECT_THAT(ifbs(), IsEmpty());
}

// As somebody may, and as another attachment of the same hash would.
TEST_F(BandwidthDel, LeavesWhatIsNotProvedToBeItsOwn) {
    shell(cat("ip link add ", ifb(), " type bridge"));
    expect_ok("DEL", bare());
    EXPECT_TRUE(exists(ifb()));
    shell(cat("ip link delete ", ifb(), "; ip link add ", ifb(),
              " alias none type ifb; ip link set ", ifb(), " alias cnixx:net1/c2/eth0"));
    expect_ok("DEL", bare());
    EXPECT_TRUE(exists(ifb()));
    expect_ok("DEL", both());
    EXPECT_TRUE(exists(ifb()));
}

// Killed before it could say whose it is.
TEST_F(BandwidthDel, OfOneWithoutAnAlias) {
    limit(both());
    shell(cat("ip link set ", ifb(), " alias ''"));
    expect_ok("DEL", bare());
    EXPECT_THAT(ifbs(), IsEmpty());
    EXPECT_EQ(state(), before_);
}

TEST_F(BandwidthDel, OfWhatTheReferencePluginMade) {
    const std::string made =
        "tc qdisc add dev $end root handle 1: tbf rate 8mbit burst 100000 latency 25ms;"
        "ip link add $ifb type ifb; ip link set $ifb up; tc qdisc add dev $end ingress;"
        "tc filter add dev $end parent ffff: protocol all prio 1 u32 match u32 0 0 "
        "  action mirred egress redirect dev $ifb action mirred egress redirect dev $ifb;"
        "tc qdisc add dev $ifb root handle 1: tbf rate 16mbit burst 200000 latency 25ms";
    const auto make = [&](const std::string& link) {
        shell(cat("end=", link, "; ifb=", reference_ifb(), "; ", made));
    };
    make(end());
    expect_ok("CHECK", both());
    expect_ok("DEL", both());
    EXPECT_EQ(state(), before_);
    // That of its other interface, which has the same name.
    shell("ip link add cable type veth peer name eth1 netns c1; ip link set cable up");
    make("cable");
    const std::string here = state();
    expect_ok("DEL", both());
    EXPECT_EQ(state(), here);
    shell("ip link delete cable");
    expect_ok("DEL", bare());
    EXPECT_THAT(ifbs(), IsEmpty());
}

// Of the reference plugin's DEL on a pair that stays.
TEST_F(BandwidthDel, OfAFilterThatLeadsNowhere) {
    limit(both());
    shell(cat("ip link delete ", ifb()));
    expect_ok("DEL", bare());
    EXPECT_EQ(state(), before_);
    expect_traffic();
}

TEST_F(BandwidthDel, GcRemovesWhatBelongsToNoValidAttachment) {
    limit(both());
    const json valid = {{{"containerID", "c1"}, {"ifname", "eth0"}}};
    expect_gc(valid);
    expect_gc(json::array(), "net2");
    expect_ok("CHECK", both());
    shell(cat("ip link delete ", end()));
    expect_gc(valid);
    EXPECT_THAT(ifbs(), ElementsAre(ifb()));
    // Nobody has said who is valid.
    expect_gc(nullptr);
    EXPECT_THAT(ifbs(), ElementsAre(ifb()));
    expect_gc(json::array());
    EXPECT_THAT(ifbs(), IsEmpty());
}

TEST_F(BandwidthDel, GcRemovesOrphansOfTheReferencePlugin) {
    const std::string orphan = reference_ifb();
    shell(cat("ip link add ", orphan,
              " up type ifb; ip link add bwp0123456789ab up type ifb;"
              "ip link add other0 up type ifb;"
              "tc qdisc add dev ",
              orphan,
              " root handle 1: tbf rate 8mbit burst 9999 lat 25ms;"
              "tc qdisc add dev other0 root handle 1: tbf rate 8mbit burst 9999 lat 25ms;"
              "tc qdisc add dev ",
              end(),
              " ingress;"
              "tc filter add dev ",
              end(),
              " ingress protocol all prio 1 u32 match u32 0 0 "
              "action mirred egress redirect dev ",
              orphan));
    expect_gc(json::array());
    EXPECT_TRUE(exists(orphan)) << "in use";
    shell(cat("tc qdisc delete dev ", end(), " ingress"));
    expect_gc({{{"containerID", "c1"}, {"ifname", "eth0"}}});
    EXPECT_TRUE(exists(orphan)) << "valid";
    expect_gc(json::array());
    EXPECT_FALSE(exists(orphan));
    EXPECT_TRUE(exists("bwp0123456789ab")) << "about to be used";
    EXPECT_TRUE(exists("other0")) << "somebody's";
}

}  // namespace
}  // namespace cni::test
