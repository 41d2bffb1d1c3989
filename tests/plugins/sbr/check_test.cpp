// CHECK says what is not as ADD has made it.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class SbrCheck : public SbrTest {
protected:
    /// After this was done inside, behind an ADD.
    void expect_noticed(const json& config, const std::string& harm,
                        const std::string& message) const {
        expect_ok("ADD", config);
        inside(harm);
        const PluginRun run = call("CHECK", config);
        EXPECT_EQ(run.error_code(), 999) << harm << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message)) << harm;
        expect_ok("DEL", config);
    }
};

TEST_F(SbrCheck, MissesRules) {
    expect_noticed(config(), "ip rule delete from 10.2.0.2",
                   "no rule sends packets from 10.2.0.2 to a table of their own");
    inside("ip route flush table 100");
    expect_noticed(config({{"table", 500}}), "ip -6 rule delete from fd02::2",
                   "no rule sends packets from fd02::2 to table 500");
}

TEST_F(SbrCheck, MissesDefaultRoutes) {
    expect_noticed(config(), "ip route delete default table 100",
                   "route to 0.0.0.0/0 via 10.2.0.1 of net1 is not in table 100");
    expect_noticed(config({{"gateways", {"fd02::7"}}}),
                   "ip -6 route replace default via fd02::1 dev net1 table 101",
                   "route to ::/0 via fd02::7 of net1 is not in table 101");
}

TEST_F(SbrCheck, NoticesWhatIsInMainAgain) {
    expect_noticed(config(), "ip route add 10.2.0.0/24 dev net1 proto kernel",
                   "route to 10.2.0.0/24 of net1 is in table main");
    inside(
        "ip route delete 10.2.0.0/24 dev net1 || true; ip address delete 10.2.0.2/24 dev net1;"
        "ip address add 10.2.0.2/24 dev net1");
    expect_noticed(config(), "ip -6 route append default via fe80::1 dev net1 metric 9",
                   "route to ::/0 via fe80::1 of net1 is in table main");
}

TEST_F(SbrCheck, MissesHints) {
    expect_noticed(config({{"addSourceHints", true}}), "ip -6 route delete fd02::/64 proto 158",
                   "route to fd02::/64 of net1 is not in table main");
}

TEST_F(SbrCheck, MissesTheInterface) {
    expect_ok("ADD", config());
    inside("ip link delete net1");
    EXPECT_THAT(call("CHECK", config()).error_message(), HasSubstr("net1"));
}

// A container's own routes are its own business.
TEST_F(SbrCheck, DoesNotMindRoutesThatWereAddedSince) {
    expect_ok("ADD", config());
    inside("ip route add 10.90.0.0/16 dev net1");
    expect_ok("CHECK", config());
}

}  // namespace
}  // namespace cni::test
