#pragma once

#include <semaphore>
#include <thread>

#include "bench/chain.h"

namespace cni::bench {

/// A DHCP server (dnsmasq) behind a side's master, and beside it the daemon of the side's folder,
/// as long as it lives. They are children of a thread of its own: whoever waits for a call is to
/// wait for its own thread's (__WNOTHREAD).
class LeaseService {
public:
    explicit LeaseService(const Side& side);
    LeaseService(const LeaseService&) = delete;
    LeaseService& operator=(const LeaseService&) = delete;
    ~LeaseService();

private:
    std::binary_semaphore is_up_{0}, is_to_end_{0};
    std::thread thread_;
};

}  // namespace cni::bench
