#include "fixture.h"

namespace cni::test {
namespace {

class BandwidthCheck : public BandwidthTest {
protected:
    /// CHECK, content before, notices what shell commands do on the host, where $end is the host's
    /// end and $ifb the IFB.
    void expect_noticed(const std::string& commands, const std::string& message) const {
        const json added = recorded(both(), limit(both()));
        expect_ok("CHECK", added);
        shell(cat("end=", end(), "; ifb=", ifb(), "; ", commands));
        expect_error("CHECK", added, 999, message);
        expect_ok("DEL", added);
    }
};

TEST_F(BandwidthCheck, NoticesWhatIsGone) {
    expect_noticed("tc qdisc delete dev $end root", cat("what leaves ", end(), " is not limited"));
    expect_noticed("tc qdisc delete dev $ifb root", cat("what leaves ", ifb(), " is not limited"));
    expect_noticed("tc filter delete dev $end ingress",
                   cat("what ", end(), " receives is not redirected to an IFB"));
    expect_noticed("tc qdisc delete dev $end ingress", "is not redirected");
    expect_noticed("ip link delete $ifb", "is not redirected");
}

TEST_F(BandwidthCheck, NoticesWhatIsOtherwise) {
    expect_noticed("ip link set $ifb down", cat("interface ", ifb(), " is down"));
    expect_noticed("tc qdisc replace dev $end root handle 1: tbf rate 9mbit burst 100000 lat 25ms",
                   cat("what leaves ", end(), " has another limit"));
    expect_noticed("tc qdisc replace dev $end root handle 1: tbf rate 8mbit burst 90000 lat 25ms",
                   "has another limit");
    expect_noticed("tc qdisc replace dev $ifb root handle 1: tbf rate 16mbit burst 200000 lat 5ms",
                   "has another limit");
    expect_noticed(
        "tc filter delete dev $end ingress; tc filter add dev $end ingress protocol all prio 1 u32 "
        "match ip dst 192.0.2.9/32 action mirred egress redirect dev $ifb",
        "is not redirected");
    // Which ADD would not replace.
    limit(both());
    shell(cat("tc qdisc delete dev ", end(), " root; tc qdisc add dev ", end(),
              " root pfifo limit 9"));
    expect_error("CHECK", both(), 999, "is not limited");
}

TEST_F(BandwidthCheck, OfARateThatBytesDoNotDivide) {
    for (const std::uint64_t rate : {3'333'333ULL, 8ULL, 999'999'999ULL}) {
        const json config = this->config(receiving(rate, 7'777'777));
        limit(config);
        expect_ok("CHECK", config);
    }
}

TEST_F(BandwidthCheck, WantsARecord) {
    json without = both();
    without.erase("prevResult");
    expect_error("CHECK", without, 7, "Required prevResult missing");
    expect_error("ADD", without, 7, "must be called as chained plugin");
    expect_ok("DEL", without);
}

}  // namespace
}  // namespace cni::test
