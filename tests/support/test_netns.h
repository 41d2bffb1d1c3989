#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/process.h"
#include "sys/netns.h"

namespace cni::test {

/// A fresh network namespace at /run/netns/<name> (of the sandbox), gone on destruction. Its `lo`
/// is down, as a runtime hands it to the plugins.
class TestNetns {
public:
    explicit TestNetns(std::string name);
    TestNetns(const TestNetns&) = delete;
    TestNetns& operator=(const TestNetns&) = delete;
    ~TestNetns();

    const std::string& name() const { return name_; }
    /// What CNI_NETNS is set to.
    std::string path() const { return cat("/run/netns/", name_); }
    const Netns& netns() const { return netns_; }

    template <typename F>
    decltype(auto) run(F&& body) const {
        return netns_.run(std::forward<F>(body));
    }
    /// The output of a program run inside it; throws Error when that fails.
    std::string output_of(const std::vector<std::string>& argv) const;

    /// Removes the mount point at once: `path` no longer exists, while this object still holds the
    /// namespace itself open.
    void unmount();

private:
    std::string name_;
    Netns netns_;
    bool mounted_ = true;
};

/// The addresses of a cable, with prefix length; an IPv6 pair is left out when empty.
struct OutsideOptions {
    std::string host_address = "192.0.2.1/24";
    std::string outside_address = "192.0.2.2/24";
    std::string host_address6 = "2001:db8::1/64";
    std::string outside_address6 = "2001:db8::2/64";
};

/// A second machine, on a cable (veth `uplink` here, `eth0` there) to the host. It knows no route
/// but its own network, so an answer to a container proves that the container's address was
/// masqueraded.
class Outside {
public:
    explicit Outside(const OutsideOptions& options = {});

    const TestNetns& netns() const { return netns_; }
    /// Without prefix length.
    std::string address() const;
    std::string address6() const;
    std::string host_address() const;
    std::string host_address6() const;

private:
    OutsideOptions options_;
    TestNetns netns_;
};

}  // namespace cni::test
