#include "runtime/validate/problem.h"

#include <algorithm>
#include <tuple>

namespace cni {

std::string Problem::to_string() const {
    return cat(file, ":", position.line, ":", position.column, ": ", warning ? "warning: " : "",
               message);
}

std::string describe(const Json& json) {
    return json.path().empty() ? "the configuration" : quote(json.path());
}

bool Problems::has_errors() const {
    return std::any_of(found_.begin(), found_.end(), [](const Problem& p) { return !p.warning; });
}

std::vector<Problem> Problems::take() {
    std::stable_sort(found_.begin(), found_.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.position.line, a.position.column) <
               std::tie(b.position.line, b.position.column);
    });
    return std::move(found_);
}

void Problems::add(std::size_t offset, std::string message, bool warning) {
    found_.push_back({file_, text_position(text_, offset), std::move(message), warning});
}

}  // namespace cni
