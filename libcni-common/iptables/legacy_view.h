#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iptables/table.h"

namespace cni::ipt {

/// A legacy table as it was when it was asked for: to be looked at, not to be changed. Nobody's
/// lock is taken for it: the kernel shows a table as it is between two changes.
class LegacyView {
public:
    virtual ~LegacyView() = default;

    /// Of a base chain; nullopt when there is no such one.
    virtual std::optional<Verdict> policy(const std::string& base_chain) = 0;
    /// In order; none when there is no such chain.
    virtual std::vector<Rule> rules(const std::string& chain) = 0;
};

/// Null where no such table is loaded, or cnixx was built without libiptc. Loads none.
/// Throws SysError.
std::unique_ptr<LegacyView> view_legacy(TableId id);

}  // namespace cni::ipt
