#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysctl_name.h"

namespace cni::tuning {

inline constexpr const char* allowlist_path = "/etc/cni/tuning/allowlist.conf";

/// Which kernel parameters containers may be given: one regular expression per line.
class Allowlist {
public:
    /// /etc/cni/tuning/allowlist.conf; nullopt without it: then everything is allowed. Throws
    /// SysError when it cannot be read, else as the constructor.
    static std::optional<Allowlist> load();

    /// Throws Error(invalid_config) naming the line that is no expression.
    explicit Allowlist(std::string_view text);

    /// Throws Error(invalid_config) unless an expression matches somewhere in the name as it is
    /// written or in its dotted forms.
    void require(const SysctlName& name) const;

private:
    bool matches(const std::string& text) const;
    std::vector<std::string> lines_;
};

}  // namespace cni::tuning
