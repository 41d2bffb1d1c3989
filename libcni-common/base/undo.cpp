#include "base/undo.h"

#include <unistd.h>

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
        } catch (const std::exception& error) {
            warn(cat("undo: ", action.act, ": ", error.what()));
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

void Failures::throw_if_any() const {
    if (first_) throw Error(*first_);
}

void warn(std::string_view message) {
    const std::string line = cat(message, "\n");
    // stderr may be closed: there is nobody left to tell.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace cni
