#include "support/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace cni::test {

void Findings::tried(int calls) {
    counts_["calls"] = std::max(counts_["calls"], calls);
    ++counts_["tries"];
}

void Findings::found(const std::string& what, const std::string& text) {
    ++counts_[what];
    if (are_failures_)
        ADD_FAILURE() << what << ": " << text;
    else
        std::cout << what << ": " << text << "\n";
}

void Findings::report() const {
    for (const auto& [what, times] : counts_) ::testing::Test::RecordProperty(what, times);
}

}  // namespace cni::test
