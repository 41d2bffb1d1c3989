#pragma once

#include <map>
#include <string>

namespace cni::test {

/// What a sweep of faults counts and finds, for scripts/fault-sweep.
class Findings {
public:
    /// Of plugins of others what is found is counted only.
    explicit Findings(bool are_failures = true) : are_failures_(are_failures) {}

    /// How many calls the operation has, at least, and that another one was tried.
    void tried(int calls);
    /// Something wrong: a failure of the test. `what` is one word, `text` says what it was like.
    void found(const std::string& what, const std::string& text);
    /// Makes the counts properties of the test.
    void report() const;

private:
    const bool are_failures_;
    std::map<std::string, int> counts_;
};

}  // namespace cni::test
