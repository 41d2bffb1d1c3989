#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/ip.h"
#include "netlink/link.h"
#include "sys/netns.h"

namespace cni::tool {

/// The network namespaces of this machine that have a path: those mounted where runtimes mount
/// them, and those of processes. The host's own is not among them.
class Namespaces {
public:
    /// Finds them; looks into none yet.
    explicit Namespaces(Rtnl& host);

    /// An interface that bears an address.
    struct Bearer {
        std::string netns;  ///< path
        Link link;
    };
    /// All that do, in whichever namespace. The first call looks into every namespace.
    const std::vector<Bearer>& bearers(const Ip& ip);

    /// The path of the one that the host calls `nsid`; nullopt when it is none of these.
    std::optional<std::string> path_of(int nsid);

    /// Those that could not be looked into: a sentence about each. Without any, nothing bears an
    /// address that bearers() does not tell, but what only descriptors hold.
    const std::vector<std::string>& problems() const { return problems_; }

private:
    void add(const std::string& path);
    void add_mounted(const std::string& folder);
    void add_of_processes();
    void look_into(const Netns& netns);

    Rtnl& host_;
    std::vector<Netns> list_;
    std::vector<std::pair<dev_t, ino_t>> seen_;
    std::optional<std::map<Ip, std::vector<Bearer>>> bearers_;
    std::vector<std::string> problems_;
};

}  // namespace cni::tool
