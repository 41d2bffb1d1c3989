#pragma once

#include <chrono>

#include "base/fd.h"

namespace cni::ipt {

/// The lock of the iptables program: whoever reads a legacy table, changes it and writes it back
/// holds it meanwhile. $XTABLES_LOCKFILE or /run/xtables.lock, made when missing.
class XtablesLock {
public:
    /// Waits for up to `limit`. Throws Error(try_again_later) when somebody else still holds it
    /// then, SysError when the file cannot be opened.
    explicit XtablesLock(std::chrono::milliseconds limit);

private:
    Fd file_;
};

}  // namespace cni::ipt
