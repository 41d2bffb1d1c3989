// Qdiscs and filters, made and read back.
#include <gmock/gmock.h>

#include "netlink/tc/filter.h"
#include "netlink/tc/qdisc.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TrafficControl : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        host_.emplace();
        link_ = host_->make_link({.name = "v0", .kind = Veth{.peer = {.name = "v1"}}});
        ifb_ = host_->make_link({.name = "ifb7", .kind = Ifb{}});
    }
    /// The kind of the link's, "" without one.
    std::string ingress_qdisc() {
        for (const Qdisc& qdisc : qdiscs(*host_))
            if (qdisc.link == link_.index && qdisc.handle == 0xffff0000) return qdisc.kind;
        return {};
    }
    static void tc(const std::string& words) { output_of({"sh", "-ec", cat("tc ", words)}); }

    std::optional<Rtnl> host_;
    Link link_, ifb_;
};

TEST_F(TrafficControl, TokenBucketsAreTold) {
    for (const Tbf tbf : {Tbf{.rate = 1'000'000, .burst = 100'000, .limit = 125'000},
                          Tbf{.rate = 1, .burst = 4'294'967'295, .limit = 4'294'967'295},
                          Tbf{.rate = 416'666, .burst = 972'222, .limit = 1'000'000},
                          Tbf{.rate = 50'000'000'000, .burst = 268'435'455, .limit = 7}}) {
        EXPECT_FALSE(find_root_qdisc(*host_, link_));
        host_->apply(add_root_tbf(link_, tbf));
        const auto found = find_root_qdisc(*host_, link_);
        ASSERT_TRUE(found && found->tbf);
        EXPECT_TRUE(is_root_tbf(*found));
        EXPECT_EQ(found->to_string(), "tbf 1:");
        EXPECT_EQ(found->link, link_.index);
        EXPECT_TRUE(tbf.is_told_as(*found->tbf)) << tbf.rate << " " << found->tbf->ticks;
        for (const Tbf other :
             {Tbf{tbf.rate + 1, tbf.burst, tbf.limit}, Tbf{tbf.rate, tbf.burst, tbf.limit - 1}})
            EXPECT_FALSE(other.is_told_as(*found->tbf)) << tbf.rate;
        // What takes longer to fill may be told as 2^32 nanoseconds.
        const bool is_exact = tbf.burst / tbf.rate < 4;
        const Tbf half{tbf.rate, tbf.burst / 2, tbf.limit};
        EXPECT_EQ(half.is_told_as(*found->tbf), !is_exact) << tbf.rate;
        EXPECT_THROW(host_->apply(add_root_tbf(link_, tbf)), NlError);
        for (int i = 0; i < 2; ++i) host_->apply(remove_root_tbf(link_));
    }
}

TEST_F(TrafficControl, AnotherRootQdiscStays) {
    tc("qdisc add dev v0 root handle 1: pfifo limit 9");
    host_->apply(remove_root_tbf(link_));
    const auto found = find_root_qdisc(*host_, link_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->kind, "pfifo");
    EXPECT_FALSE(is_root_tbf(*found));
}

TEST_F(TrafficControl, RedirectionsAreTold) {
    EXPECT_THAT(filters(*host_, link_), IsEmpty());
    EXPECT_EQ(ingress_qdisc(), "");
    for (int i = 0; i < 2; ++i) host_->apply(ensure_ingress_qdisc(link_));
    EXPECT_EQ(ingress_qdisc(), "ingress");
    host_->apply(redirect(link_, ifb_));
    const auto found = filters(*host_, link_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, "u32");
    EXPECT_EQ(found[0].priority, 1);
    EXPECT_EQ(found[0].redirected_to, ifb_.index);
    EXPECT_THAT(redirection_targets(*host_), ElementsAre(ifb_.index));
    host_->apply(remove_link(ifb_));
    EXPECT_EQ(filters(*host_, link_)[0].redirected_to, 0);
    for (int i = 0; i < 2; ++i) host_->apply(remove_filter(link_, found[0]));
    EXPECT_THAT(filters(*host_, link_), IsEmpty());
    for (int i = 0; i < 2; ++i) host_->apply(remove_ingress_qdisc(link_));
    EXPECT_EQ(ingress_qdisc(), "");
}

// Of others: for some packets, to where they come from, and nowhere.
TEST_F(TrafficControl, OtherFiltersAreNoRedirections) {
    tc("qdisc add dev v0 clsact");
    host_->apply(ensure_ingress_qdisc(link_), remove_ingress_qdisc(link_));
    tc("filter add dev v0 ingress protocol ip prio 3 u32 match ip dst 192.0.2.1/32 action mirred "
       "egress redirect dev ifb7");
    tc("filter add dev v0 ingress protocol all prio 4 u32 match u32 0 0 action mirred egress "
       "mirror dev ifb7");
    tc("filter add dev v0 ingress protocol all prio 5 u32 match u32 0 0 classid 1:2");
    const auto found = filters(*host_, link_);
    ASSERT_EQ(found.size(), 3U);
    for (const Filter& filter : found) EXPECT_FALSE(filter.redirected_to) << filter.priority;
    EXPECT_THAT(redirection_targets(*host_), IsEmpty());
    EXPECT_EQ(ingress_qdisc(), "clsact");
}

}  // namespace
}  // namespace cni::test
