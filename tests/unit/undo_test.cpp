// Steps that are taken back or all tried, whatever they throw.
#include "base/undo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace cni {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// As different as can be.
const std::function<void()> throwers[] = {
    [] { throw Error(Code::internal, "an error"); },
    [] { throw std::bad_alloc(); },
    [] { throw std::out_of_range("basic_string::substr: __pos (which is 7)"); },
    [] { throw 7; },
};

TEST(Undo, GoesOnWhateverIsThrown) {
    for (const auto& thrower : throwers) {
        int undone = 0;
        CaptureStderr();
        {
            Undo undo;
            undo.on_failure("first", [&] { ++undone; });
            undo.on_failure("second", thrower);
            undo.on_failure("third", [&] { ++undone; });
        }
        EXPECT_EQ(undone, 2);
        const std::string said = GetCapturedStderr();
        EXPECT_THAT(said, HasSubstr("undo: second: "));
        EXPECT_THAT(said, Not(HasSubstr("basic_string")));
        EXPECT_THAT(said, Not(HasSubstr("std::")));
    }
}

TEST(Failures, KeepWhateverIsThrown) {
    for (const auto& thrower : throwers) {
        Failures failures;
        failures.attempt(thrower);
        failures.attempt([] {});
        EXPECT_ANY_THROW(failures.throw_if_any());
    }
}

TEST(Failures, AnErrorIsSaidBeforeWhatIsNone) {
    for (const bool error_first : {false, true}) {
        Failures failures;
        if (error_first) failures.attempt(throwers[0]);
        failures.attempt(throwers[1]);
        if (!error_first) failures.attempt(throwers[0]);
        try {
            failures.throw_if_any();
            ADD_FAILURE() << "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.msg, "an error");
            EXPECT_EQ(error.details, error_first ? "Cannot allocate memory" : "");
        }
    }
}

TEST(CurrentError, SpeaksOfItselfWhateverWasThrown) {
    for (const auto& thrower : throwers) {
        try {
            thrower();
        } catch (...) {
            const Error error = current_error();
            EXPECT_EQ(error.code, Code::internal);
            EXPECT_EQ(std::string(error.what()), current_error_text());
            EXPECT_THAT(error.msg, Not(HasSubstr("std::")));
            EXPECT_THAT(error.msg, Not(HasSubstr("basic_string")));
        }
    }
}

}  // namespace
}  // namespace cni
