#pragma once

#include <string>

#include "support/test_netns.h"

namespace cni::test {

/// A router on a cable (veth `uplink` here, `lan` there) to the host, which tells its neighbours of
/// itself and of their network: 2001:db8:1::/64.
class Router {
public:
    /// The host's end is down and a port of nothing yet.
    Router();

    /// Sends an advertisement to all hosts on the cable, who may take 1800 seconds for it.
    void advertise() const;

private:
    TestNetns netns_;
};

}  // namespace cni::test
