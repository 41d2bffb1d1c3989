// Table filter: what is made there is nowhere else, and the iptables program sees it.
#include <gtest/gtest.h>

#include "iptables/table.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::ipt {
namespace {

class IptFilter : public test::SandboxTest, public ::testing::WithParamInterface<Flavour> {
protected:
    static std::string shown() {
        const char* program = GetParam() == Flavour::legacy ? "iptables-legacy" : "iptables-nft";
        return test::output_of({program, "-t", "filter", "-S"});
    }
};

INSTANTIATE_TEST_SUITE_P(Flavours, IptFilter, testing::Values(Flavour::nf_tables, Flavour::legacy),
                         [](const auto& p) {
                             return p.param == Flavour::legacy ? "Legacy" : "NfTables";
                         });

TEST_P(IptFilter, HoldsChainsAndJumpsOfItsOwn) {
    nft::Connection nft;
    constexpr TableId filter{Family::v4, TableName::filter}, nat{Family::v4, TableName::nat};
    EXPECT_FALSE(has_table(nft, GetParam(), filter));
    const Rule jump = rule([](Rule& r) { r.target = Jump{"A"}; });
    change(nft, GetParam(), filter, [&](Table& table) {
        table.ensure_chain("A");
        table.append("A", rule([](Rule& r) { r.target = Verdict::accept; }));
        table.prepend("FORWARD", jump);
    });
    EXPECT_TRUE(has_table(nft, GetParam(), filter));
    EXPECT_FALSE(has_table(nft, GetParam(), nat));
    EXPECT_NE(shown().find("-A FORWARD -j A\n-A A -j ACCEPT\n"), std::string::npos) << shown();
    change_present(nft, GetParam(), TableName::filter, [&](Table& table) {
        EXPECT_TRUE(table.is_hooked("FORWARD"));
        EXPECT_EQ(table.jumps("FORWARD", "A"), std::vector{jump});
        table.remove_jumps("FORWARD", "A", [](const Rule&) { return true; });
        table.remove_chain("A");
    });
    EXPECT_EQ(shown().find("-A "), std::string::npos) << shown();
}

TEST_P(IptFilter, CouldTakeRules) {
    nft::Connection nft;
    for (const Family family : both_families)
        for (const TableName name : {TableName::filter, TableName::nat, TableName::raw})
            EXPECT_EQ(problem(nft, GetParam(), {family, name}), std::nullopt) << to_string(name);
}

}  // namespace
}  // namespace cni::ipt
