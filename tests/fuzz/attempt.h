#pragma once

#include <cstdlib>

#include "base/error.h"

namespace cni::fuzz {

/// Calls what reads foreign input: it succeeds, or throws an Error that says why; anything else is
/// a finding. Returns whether it succeeded.
template <typename Call>
bool attempt(Call call) {
    try {
        call();
        return true;
    } catch (const Error& error) {
        if (error.msg.empty()) std::abort();
        return false;
    }
}

}  // namespace cni::fuzz
