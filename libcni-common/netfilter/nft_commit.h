#pragma once

#include "netfilter/nft.h"

namespace cni::nft {

/// Commits what `put` puts into a batch after looking at the ruleset, anew when somebody changed
/// that meanwhile. Nothing put: nothing is committed. `what` is done, for the message of
/// Error(try_again_later): "ports are mapped".
template <typename F>
void commit_unchanged(Connection& nft, std::string_view what, F&& put) {
    // Between a look and the commit pass some 50 us: this many tries all lost to others mean that
    // something is wrong.
    constexpr int tries = 200;
    // What is missing again and again may be an expression that the kernel does not have.
    constexpr int forgiven = 5;
    for (int i = 0, missing = 0; i < tries; ++i) {
        const auto generation = nft.generation();
        Batch batch;
        put(batch);
        if (batch.empty()) return;
        if (missing == forgiven) batch.insist();
        const Outcome outcome = nft.try_commit(std::move(batch), generation);
        if (outcome == Outcome::done) return;
        if (outcome != Outcome::changed) ++missing;
    }
    throw Error(Code::try_again_later, cat("others keep changing nftables while ", what));
}

}  // namespace cni::nft
