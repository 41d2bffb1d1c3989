#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "base/error.h"

namespace cni::test {

/// The Error that `body` throws; when it throws none, the test fails and the message is empty.
template <typename F>
Error thrown(F&& body) {
    try {
        std::forward<F>(body)();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(Code::internal, "");
}

}  // namespace cni::test
