#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/steps.h"

namespace cni {

/// The way back of an operation made of steps: unless committed, destruction runs the actions in
/// reverse order. An action may throw: that goes to stderr and the others still run.
/// Declare it after what the actions refer to; what is declared after it they capture by value.
class Undo {
public:
    /// The way back is a step of its own ("undo") among `steps`, which may be null.
    explicit Undo(Steps* steps = nullptr) : steps_(steps) { actions_.reserve(most_usual); }
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo();

    /// Call right after the step `action` takes back. `act` names it in messages.
    void on_failure(std::string act, std::function<void()> action);
    void commit() { actions_.clear(); }

private:
    struct Action {
        std::string act;
        std::function<void()> run;
    };
    // So that hardly any needs memory when its step is done already.
    static constexpr std::size_t most_usual = 16;
    Steps* steps_;
    std::vector<Action> actions_;
};

/// Steps that are all tried, whatever becomes of the others (DEL, GC): the first error wins, the
/// further ones are appended to its details. What is no Error is thrown only without one.
class Failures {
public:
    /// Runs `step`; an exception is kept.
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (...) {
            keep_current();
        }
    }
    void add(const Error& error);
    void throw_if_any() const;

private:
    void keep_current() noexcept;
    std::optional<Error> first_;
    std::exception_ptr unexpected_;  ///< the last one that is no Error
};

/// Runs a step of DEL that no container is to be kept for: what is refused (base/passing.h) goes to
/// stderr, everything else that is thrown passes on.
void warn_if_refused(const std::function<void()>& step);

}  // namespace cni
