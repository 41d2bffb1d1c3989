#include <gtest/gtest.h>

#include "iptables/extensions.h"

namespace cni::ipt {
namespace {

Rule sample() {
    Rule rule;
    rule.source = {Prefix::parse("10.1.0.0/16").value()};
    rule.in = {"eth0"};
    rule.protocol = {6};
    rule.matches = {destination_port(6, 80), comment("one")};
    rule.target = dnat(Ip::parse("10.1.2.3").value(), 80);
    return rule;
}

TEST(IptRule, DiffersInEachOfItsParts) {
    EXPECT_EQ(sample(), sample());
    Rule other = sample();
    other.source->inverted = true;
    EXPECT_FALSE(other == sample());
    other = sample();
    other.destination = other.source;
    EXPECT_FALSE(other == sample());
    other = sample();
    other.in->value = "eth+";
    EXPECT_FALSE(other == sample());
    other = sample();
    other.out = {"eth0"};
    EXPECT_FALSE(other == sample());
    other = sample();
    other.protocol.reset();
    EXPECT_FALSE(other == sample());
    other = sample();
    std::swap(other.matches[0], other.matches[1]);
    EXPECT_FALSE(other == sample());
    other = sample();
    other.matches.pop_back();
    EXPECT_FALSE(other == sample());
    EXPECT_FALSE(sample() == other);
    other = sample();
    other.target = Verdict::accept;
    EXPECT_FALSE(other == sample());
}

TEST(IptRule, PaddingBehindAnExtensionIsNoDifference) {
    Rule padded = sample();
    for (Extension& match : padded.matches) match.data.resize(match.data.size() + 7);
    std::get<Extension>(padded.target).data.resize(100);
    EXPECT_EQ(padded, sample());
    EXPECT_EQ(sample(), padded);
    padded.matches[0].data.back() = 1;
    EXPECT_FALSE(padded == sample());
    EXPECT_FALSE(sample() == padded);
}

TEST(IptRule, ForeignRulesEqualNothing) {
    Rule foreign = sample();
    foreign.foreign = true;
    EXPECT_FALSE(foreign == foreign);
    EXPECT_FALSE(foreign == sample());
    EXPECT_FALSE(sample() == foreign);
}

TEST(IptRule, TellsItsCommentAndWhereItLeads) {
    EXPECT_EQ(sample().comment(), "one");
    EXPECT_EQ(Rule{}.comment(), "");
    Rule full;
    full.matches = {{"comment", 0, Bytes(256, 'x')}};
    EXPECT_EQ(full.comment(), std::string(256, 'x'));
    Rule jump;
    jump.target = Jump{"A"};
    EXPECT_TRUE(jump.jumps_to("A"));
    EXPECT_FALSE(jump.jumps_to("B"));
    EXPECT_FALSE(sample().jumps_to("DNAT"));
}

}  // namespace
}  // namespace cni::ipt
