#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>

#include "netlink/nl_socket.h"

namespace cni {

/// Waits for a state the kernel announces, without polling it. Made before the state is looked at,
/// so that no change between the look and the wait is missed.
class NlMonitor {
public:
    /// `groups`: RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, ... of the calling thread's namespace.
    NlMonitor(std::initializer_list<int> groups);

    /// Calls `reached` at once and after each announcement until it says true. False when `limit`
    /// is over.
    bool wait(const std::function<bool()>& reached, std::chrono::milliseconds limit);

private:
    NlSocket socket_;
};

}  // namespace cni
