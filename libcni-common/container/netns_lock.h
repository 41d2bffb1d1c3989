#pragma once

#include <chrono>

#include "base/fd.h"
#include "sys/netns.h"

namespace cni {

/// Held by who chooses what is free in a network namespace (a routing table, say) until it is in
/// use. It is flock(2) on the file of the namespace, as the reference plugins have it, and is gone
/// with the process.
///
/// Whoever is inside can take it as well. So it is waited for only so long; then, and where nothing
/// can be locked, it goes on without: two that choose the same are less of a harm than a container
/// that holds up its host.
class NetnsLock {
public:
    static constexpr std::chrono::seconds patience{10};

    explicit NetnsLock(const Netns& netns, std::chrono::milliseconds longest = patience);

private:
    Fd file_;
};

}  // namespace cni
