#include "rules/everywhere.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/thrown.h"

namespace cni {
namespace {

using testing::ElementsAre;

Error error_of(Backend backend) {
    return Error(Code::internal, to_string(backend));
}

TEST(ForEachBackend, TriesAllBeforeTheFirstFailureIsThrown) {
    std::vector<Backend> tried;
    const Error error = test::thrown([&] {
        for_each_backend([&](Backend backend) {
            tried.push_back(backend);
            if (backend != Backend::nftables) throw error_of(backend);
        });
    });
    EXPECT_THAT(tried,
                ElementsAre(Backend::nftables, Backend::iptables_nft, Backend::iptables_legacy));
    EXPECT_EQ(error.msg, "iptables (nf_tables)");
    EXPECT_EQ(error.details, "iptables (legacy)");
}

TEST(ForEachBackend, LeavesOneOut) {
    std::vector<Backend> tried;
    for_each_backend([&](Backend backend) { tried.push_back(backend); }, Backend::iptables_nft);
    EXPECT_THAT(tried, ElementsAre(Backend::nftables, Backend::iptables_legacy));
}

/// The backends that are asked when only one of them has it all.
std::vector<Backend> asked_when_only(Backend complete) {
    std::vector<Backend> asked;
    check_anywhere(Backend::iptables_nft, [&](Backend backend) {
        asked.push_back(backend);
        if (backend != complete) throw error_of(backend);
    });
    return asked;
}

TEST(CheckAnywhere, AsksTheOthersOnlyWhenTheChosenOneLacksSomething) {
    EXPECT_THAT(asked_when_only(Backend::iptables_nft), ElementsAre(Backend::iptables_nft));
    EXPECT_THAT(asked_when_only(Backend::iptables_legacy),
                ElementsAre(Backend::iptables_nft, Backend::nftables, Backend::iptables_legacy));
}

TEST(CheckAnywhere, SaysWhatTheChosenOneLacks) {
    const Error error = test::thrown([] {
        check_anywhere(Backend::iptables_nft, [](Backend backend) { throw error_of(backend); });
    });
    EXPECT_EQ(error.msg, "iptables (nf_tables)");
}

}  // namespace
}  // namespace cni
