#include "base/undo.h"

#include "base/passing.h"
#include "base/warn.h"

namespace cni {

void Undo::on_failure(std::string act, std::function<void()> action) {
    actions_.push_back({std::move(act), std::move(action)});
}

Undo::~Undo() {
    if (steps_ && !actions_.empty()) steps_->begin("undo");
    while (!actions_.empty()) {
        const Action action = std::move(actions_.back());
        actions_.pop_back();
        try {
            action.run();
        } catch (...) {
            warn({"undo: ", action.act, ": ", current_error_text()});
        }
    }
}

void Failures::add(const Error& error) {
    if (!first_) {
        first_ = error;
    } else {
        const std::string details =
            first_->details.empty() ? error.what() : cat(first_->details, "\n", error.what());
        first_ = Error(first_->code, first_->msg, details);
    }
}

void Failures::keep_current() noexcept {
    try {
        throw;
    } catch (const Error&) {
    } catch (...) {
        unexpected_ = std::current_exception();
        if (!first_) return;
    }
    try {
        add(current_error());
    } catch (...) {
        unexpected_ = std::current_exception();
    }
}

void Failures::throw_if_any() const {
    if (first_) throw Error(*first_);
    if (unexpected_) std::rethrow_exception(unexpected_);
}

void warn_if_refused(const std::function<void()>& step) {
    try {
        step();
    } catch (const SysError& error) {
        if (!is_refusal(error.error)) throw;
        warn(error.what());
    }
}

}  // namespace cni
