#pragma once

#include <string>
#include <string_view>

#include "pod_cidrs.h"

namespace cni::tool {

/// A network list for all nodes, and what it is on one of them.
class ConflistTemplate {
public:
    /// `what` is how errors call the text. Throws JsonSyntaxError, and Error(invalid_config) for
    /// what is no network list.
    ConflistTemplate(std::string text, std::string_view what);

    /// Whether it is the same on all nodes: there is no host-local in it without addresses.
    bool is_whole() const { return gaps_.empty(); }
    /// The list with these networks where host-local was told none: those of a family are one set
    /// of ranges. All other text is as it was written.
    std::string fill(const PodCidrs& cidrs) const;

private:
    std::string text_;
    std::vector<std::size_t> gaps_;  ///< behind the opening brace of each such "ipam"
};

}  // namespace cni::tool
