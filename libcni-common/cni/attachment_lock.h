#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "cni/delegate.h"
#include "cni/plugin.h"

namespace cni {

/// Held while an ADD or DEL runs: those that one plugin runs for one attachment come one after the
/// other, so that a runtime which gave up waiting for an ADD may DEL at once.
///
/// It is a lock of the kernel on one byte of /run/cnixx.lock, whose place is a hash of plugin,
/// network, container id and interface: the file stays empty, and nothing is left when the process
/// dies. Two attachments of one hash would wait for each other, and no more. A child that inherits
/// `fd` holds it too: an IPAM plugin that outlives its caller for a moment is waited for.
class AttachmentLock {
public:
    /// Longer than an IPAM plugin may take.
    static constexpr std::chrono::seconds patience = ipam_time + std::chrono::seconds(10);

    /// Blocks until it is free. Where there can be no such file (a read-only /run, a user without
    /// rights to it) nothing is locked, see obstacle(). Throws Error(try_again_later) after
    /// `longest`.
    AttachmentLock(std::string_view plugin, const Request& request,
                   std::chrono::milliseconds longest = patience);
    AttachmentLock(const AttachmentLock&) = delete;
    AttachmentLock& operator=(const AttachmentLock&) = delete;
    /// Frees it, whoever has inherited it.
    ~AttachmentLock();

    /// Why nothing is locked; "" when it is.
    const std::string& obstacle() const { return obstacle_; }
    /// -1 when nothing is locked.
    int fd() const { return file_.get(); }

private:
    Fd file_;
    long long place_;
    std::string obstacle_;
};

}  // namespace cni
