#pragma once

#include "netfilter/nft.h"
#include "netfilter/optimistic_commit.h"

namespace cni::nft {

/// Commits the batch, if the ruleset is still of the generation given, as one try of
/// commit_optimistically.
inline Try commit_once(Connection& nft, Batch batch, Refusals refusals,
                       std::optional<std::uint32_t> generation) {
    if (refusals == Refusals::thrown) batch.insist();
    switch (nft.try_commit(std::move(batch), generation)) {
        case Outcome::done:
            return Try::done;
        case Outcome::changed:
            return Try::overtaken;
        default:
            return Try::refused;
    }
}

/// Commits what `put` puts into a batch after looking at the ruleset, anew when somebody changed
/// that meanwhile. Nothing put: nothing is committed. `what` is done, for the message of
/// Error(try_again_later): "ports are mapped".
template <typename F>
void commit_unchanged(Connection& nft, std::string_view what, F&& put) {
    const auto attempt = [&](Refusals refusals) {
        const auto generation = nft.generation();
        Batch batch;
        put(batch);
        if (batch.empty()) return Try::done;
        return commit_once(nft, std::move(batch), refusals, generation);
    };
    commit_optimistically(attempt, "nftables while ", what);
}

}  // namespace cni::nft
