#include "runtime/validate/problem.h"

#include <algorithm>

#include "base/contains.h"

namespace cni {

std::string Problem::to_string() const {
    return cat(file, ":", position.line, ":", position.column, ": ", warning ? "warning: " : "",
               message);
}

std::string describe(const Json& json) {
    return json.path().empty() ? "the configuration" : quote(json.path());
}

std::size_t Problems::errors() const {
    const auto count = std::ranges::count(found_, false, &Problem::warning);
    return static_cast<std::size_t>(count);
}

std::vector<Problem> Problems::take() {
    std::ranges::stable_sort(found_, {}, &Problem::position);
    return std::move(found_);
}

void Problems::add(std::size_t offset, std::string message, bool warning) {
    Problem problem{file_, text_position(text_, offset), std::move(message), warning};
    if (!contains(found_, problem)) found_.push_back(std::move(problem));
}

}  // namespace cni
