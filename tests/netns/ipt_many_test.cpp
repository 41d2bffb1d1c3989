// More rules in one change than the kernel takes in one message of any usual size.
#include <gtest/gtest.h>

#include "iptables/masquerade.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::ipt {
namespace {

class IptMany : public test::SandboxTest, public ::testing::WithParamInterface<Flavour> {
protected:
    static Owner owner(int number) { return {"net1", cat("c", number), "eth0"}; }
    static std::vector<Prefix> address(int number) {
        return {*Prefix::parse(cat("10.", number >> 8, ".", number & 255, ".1/24"))};
    }
    static std::size_t lines() {
        const char* program =
            GetParam() == Flavour::legacy ? "iptables-legacy-save" : "iptables-nft-save";
        const std::string text = test::output_of({program, "-t", "nat"});
        std::size_t count = 0;
        for (const auto line : split(text, '\n')) count += line.find("CNI-") != line.npos;
        return count;
    }
};

INSTANTIATE_TEST_SUITE_P(Flavours, IptMany, ::testing::Values(Flavour::nf_tables, Flavour::legacy),
                         [](const auto& test) {
                             return std::string(test.param == Flavour::legacy ? "legacy" : "nft");
                         });

TEST_P(IptMany, AttachmentsAreCollectedAtOnce) {
    constexpr int stale = 10'000;
    constexpr std::size_t lines_of_one = 4;  // a chain with two rules, and the jump to it
    nft::Connection nft;
    const auto change = [&](const std::function<void(Table&)>& body) {
        ipt::change(nft, GetParam(), {Family::v4, TableName::nat}, body);
    };
    change([&](Table& table) {
        for (int i = 0; i <= stale; ++i) add_masquerade(table, owner(i), address(i));
    });
    EXPECT_EQ(lines(), lines_of_one * (stale + 1));
    change([&](Table& table) { gc_masquerade(table, "net1", {owner(stale)}); });
    EXPECT_EQ(lines(), lines_of_one);
    change([&](Table& table) { check_masquerade(table, owner(stale), address(stale)); });
    change([&](Table& table) { gc_masquerade(table, "net1", {}); });
    EXPECT_EQ(lines(), 0u);
}

}  // namespace
}  // namespace cni::ipt
