#pragma once

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
    explicit Undo(Steps* steps = nullptr) : steps_(steps) {}
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
    Steps* steps_;
    std::vector<Action> actions_;
};

/// Steps that are all tried, whatever becomes of the others (DEL, GC): the first error wins, the
/// further ones are appended to its details.
class Failures {
public:
    /// Runs `step`; an exception is kept.
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (const Error& error) {
            add(error);
        } catch (const std::exception& error) {
            add(Error(Code::internal, error.what()));
        }
    }
    void add(const Error& error);
    void throw_if_any() const;

private:
    std::optional<Error> first_;
};

/// One line on stderr, for what must not end the operation.
void warn(std::string_view message);

}  // namespace cni
