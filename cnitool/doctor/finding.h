#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/named.h"

namespace cni::tool {

/// Something about a node that is wrong, or soon will be.
struct Finding {
    enum class Severity { warning, error } severity;
    std::string_view name;  ///< of its kind: "range-exhausted"
    std::string cause;      ///< a sentence, what it does to whom
    std::string evidence;   ///< what was read, and where
    std::string remedy;     ///< a command, or what to change
};
constexpr Named<Finding::Severity> severity_names[] = {{"warning", Finding::Severity::warning},
                                                       {"error", Finding::Severity::error}};

using Findings = std::vector<Finding>;

inline void add_error(Findings& findings, std::string_view name, std::string cause,
                      std::string evidence, std::string remedy) {
    findings.push_back(
        {Finding::Severity::error, name, std::move(cause), std::move(evidence), std::move(remedy)});
}
inline void add_warning(Findings& findings, std::string_view name, std::string cause,
                        std::string evidence, std::string remedy) {
    findings.push_back({Finding::Severity::warning, name, std::move(cause), std::move(evidence),
                        std::move(remedy)});
}

}  // namespace cni::tool
