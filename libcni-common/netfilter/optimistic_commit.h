#pragma once

#include "base/error.h"
#include "netfilter/patience.h"

namespace cni {

/// What became of one try to change what others may change at the same time.
enum class Try {
    done,
    overtaken,  ///< somebody else has changed it since it was read: nothing was done
    refused,    ///< the kernel did not take it, perhaps because of others: nothing was done
};

/// Whether a refusal may still be the doing of others (then it is Try::refused), or has been there
/// so often that it is an error, which the try throws.
enum class Refusals { forgiven, thrown };

/// Runs `attempt`, which reads, changes and commits, until nobody else was faster: with growing
/// pauses, for up to 30 seconds. It takes a Refusals and returns a Try. Where a change is made on
/// nothing but what was read a moment ago, nobody else has to wait, and nothing of theirs is lost.
/// Throws Error(try_again_later) "others keep changing <what>".
template <typename F, typename... What>
void commit_optimistically(F&& attempt, const What&... what) {
    // The kernel has the same answers for what somebody removed a moment ago and for what it does
    // not know (an expression, a match): only the latter is refused again and again.
    constexpr int forgiven = 5;
    int refusals = 0;
    for (Patience patience; patience.is_left(); patience.pause()) {
        const Try outcome = attempt(refusals < forgiven ? Refusals::forgiven : Refusals::thrown);
        if (outcome == Try::done) return;
        if (outcome == Try::refused) ++refusals;
    }
    throw Error(Code::try_again_later, cat("others keep changing ", what...));
}

}  // namespace cni
