// What gets through in five seconds: never more than the limit and the burst, and at least nine
// tenths of the limit. CNIXX_FAST=1 measures 1 Gbit/s as well.
//
// Less than the limit gets through whatever it is when the test, which sends and receives by
// itself, does not get the processor for a while, and when TCP waits for an answer that was lost:
// what is too little is measured again. A limit that is too low lets enough through at no try. Too
// much always counts.
#include <cstdlib>
#include <iostream>

#include "fixture.h"
#include "support/flow.h"

namespace cni::test {
namespace {

enum class Direction { ingress, egress };

struct Case {
    Direction direction;
    bool udp;
    std::uint64_t rate;   ///< bits per second
    std::uint64_t burst;  ///< bits
};

constexpr std::uint64_t huge = 4'294'967'295, slow = 1'000'000, usual = 50'000'000,
                        fast = 1'000'000'000;

std::string name_of(const Case& c) {
    return cat(c.udp ? "udp" : "tcp", c.direction == Direction::ingress ? "_in_" : "_out_",
               c.rate / 1000000, "Mbit_", c.burst == huge ? "of_a_huge_burst" : "of_a_burst");
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const Direction direction : {Direction::ingress, Direction::egress})
        for (const bool udp : {false, true}) {
            for (const std::uint64_t rate : {slow, usual})
                all.push_back({direction, udp, rate, huge});
            all.push_back({direction, udp, usual, usual / 20});
            if (!std::getenv("CNIXX_FAST")) continue;
            for (const std::uint64_t burst : {huge, fast / 20})
                all.push_back({direction, udp, fast, burst});
        }
    return all;
}

class BandwidthRate : public BandwidthTest, public ::testing::WithParamInterface<Case> {
protected:
    static constexpr int tries = 10;

    Flow measure() const {
        const Case& c = GetParam();
        const Netns host = Netns::current();
        const bool in = c.direction == Direction::ingress;
        return measure_flow({.from = in ? host : container_->netns(),
                             .to = in ? container_->netns() : host,
                             .address = in ? address_of(result_, '4') : "10.1.2.1",
                             .udp = c.udp,
                             .offered = c.rate / 8 * 3 / 2});
    }
    /// Whether enough has got through; the test fails of too much.
    static bool is_within(const Flow& flow, const std::string& what) {
        const double rate = static_cast<double>(GetParam().rate) / 8;
        // A tenth of a second's, where the runtime was told none.
        const double burst =
            GetParam().burst == huge ? rate / 10 : static_cast<double>(GetParam().burst) / 8;
        EXPECT_LE(static_cast<double>(flow.bytes), rate * flow.seconds + burst) << what;
        EXPECT_LE(flow.rate(), rate * 1.1) << what;
        return flow.rate() >= rate * 0.9;
    }
};

TEST_P(BandwidthRate, IsTheLimit) {
    const Case& c = GetParam();
    limit(config(c.direction == Direction::ingress ? receiving(c.rate, c.burst)
                                                   : sending(c.rate, c.burst)));
    std::string seen;
    for (int i = 0; i < tries; ++i) {
        const Flow flow = measure();
        seen += cat(static_cast<std::uint64_t>(flow.rate() * 8), " bit/s, with a pause of ",
                    flow.longest_pause.count(), " ms\n");
        if (is_within(flow, seen)) break;
        ASSERT_LT(i + 1, tries) << seen;
    }
    RecordProperty("measured", seen);
    std::cout << seen;
}

INSTANTIATE_TEST_SUITE_P(Of, BandwidthRate, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace cni::test
