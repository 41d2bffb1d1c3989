// Many at once.
#include <list>

#include "fixture.h"
#include "support/crowd.h"

namespace cni::test {
namespace {

using nlohmann::json;

struct Member {
    TestNetns netns;
    json result;
    explicit Member(const std::string& name) : netns(name) {}
};

class BandwidthStorm : public BandwidthTest {
protected:
    static constexpr int members = 20, rounds = 3;
    static constexpr std::size_t width = 16;

    json config_of(const Member& m) const { return recorded(both(), m.result); }
    Program program(const std::string& command, const Member& m) const {
        return plugin_program("bandwidth", command, args(m.netns), config_of(m).dump());
    }
    /// ADD, CHECK, DEL, so many times; GC of other networks all the time.
    void come_and_go(Member& m, int round) {
        crowd_.add(program("ADD", m), [&, round](const Finished& added) {
            EXPECT_TRUE(added.ok()) << added.out << added.err;
            crowd_.add(program("CHECK", m), [&, round](const Finished& checked) {
                EXPECT_TRUE(checked.ok()) << checked.out << checked.err;
                crowd_.add(program("DEL", m), [&, round](const Finished& deleted) {
                    EXPECT_TRUE(deleted.ok()) << deleted.out << deleted.err;
                    collect_garbage();
                    if (round + 1 < rounds) come_and_go(m, round + 1);
                });
            });
        });
    }
    void collect_garbage() {
        const json config = {{"cniVersion", "1.1.0"},
                             {"name", "net2"},
                             {"type", "bandwidth"},
                             {"cni.dev/valid-attachments", json::array()}};
        crowd_.add(plugin_program("bandwidth", "GC",
                                  {.container_id = {}, .netns = {}, .ifname = {}}, config.dump()),
                   [](const Finished& done) { EXPECT_TRUE(done.ok()) << done.out << done.err; });
    }

    Crowd crowd_{width};
};

TEST_F(BandwidthStorm, EachContainerHasItsOwnAndLeavesNothing) {
    std::list<Member> all;
    for (int i = 0; i < members; ++i) {
        Member& m = all.emplace_back(cat("m", i));
        m.result = BridgeCalls::add(m.netns, layer3());
    }
    const std::string before = state();
    limit(both());
    for (Member& m : all) come_and_go(m, 0);
    crowd_.run([] {});
    expect_ok("CHECK", both());
    expect_traffic();
    expect_ok("DEL", both());
    EXPECT_EQ(state(), before);
}

}  // namespace
}  // namespace cni::test
