#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cni::tuning {

/// A parameter of the network, as a configuration names it and where its file is.
struct SysctlName {
    std::string written;                  ///< as in the configuration
    std::vector<std::string> parts = {};  ///< below /proc/sys/net; none is "", "." or ".."
    /// "net.ipv4.conf.IFNAME.forwarding" and the same with the interface's name in its place.
    std::string dotted_template = {}, dotted = {};

    /// "/proc/sys/net/ipv4/conf/eth0/forwarding"
    std::string file() const;
};

/// Every dot counts as a slash; the first IFNAME becomes the interface's name. An interface name
/// with dots is also understood where it cannot be anything else:
/// "net/ipv4/conf/eth0.7/forwarding" and "net.ipv4.conf.eth0/7.forwarding".
/// Throws Error(invalid_config) unless the key lies below net.
SysctlName parse_sysctl_name(const std::string& written, const std::string& ifname);

}  // namespace cni::tuning
