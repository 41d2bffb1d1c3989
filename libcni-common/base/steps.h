#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cni {

/// A part of an operation that has a name, and what it took.
struct Step {
    std::string_view name;
    std::int64_t microseconds = 0;
};

/// The steps of an operation in their order, timed by the monotonic clock: each ends where the next
/// one begins. The operation itself begins with the construction.
class Steps {
public:
    Steps();
    /// `name` is kept as it is: a literal. One that there is no memory for is not listed.
    void begin(std::string_view name) noexcept;
    /// Ends the last step, and the operation. Returns what that took, in microseconds.
    std::int64_t end() noexcept;
    const std::vector<Step>& list() const { return steps_; }

private:
    std::int64_t start_, last_;  // microseconds: of the operation, of the last step
    std::vector<Step> steps_;
};

}  // namespace cni
