#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/named.h"
#include "cni/config.h"
#include "ipam/host-local/inspect.h"
#include "netlink/link.h"
#include "runtime/kept_attachments.h"

namespace cni::tool {

/// Where a node keeps what plugins and runtimes leave.
struct StateFolders {
    std::vector<std::string> caches;     ///< bases of result caches: <base>/results
    std::vector<std::string> data_dirs;  ///< of host-local: <data dir>/<network>
};

/// What does not fit together about an attachment.
enum class Fault {
    namespace_gone,
    link_gone,
    other_link,
    address_gone,
    lease_without_link,
    link_without_lease,
    result_gone,
    lease_of_earlier_boot,
};
constexpr Named<Fault> fault_names[] = {
    {"namespace-gone", Fault::namespace_gone},
    {"link-gone", Fault::link_gone},
    {"other-link", Fault::other_link},
    {"address-gone", Fault::address_gone},
    {"lease-without-link", Fault::lease_without_link},
    {"link-without-lease", Fault::link_without_lease},
    {"no-result", Fault::result_gone},
    {"lease-of-earlier-boot", Fault::lease_of_earlier_boot},
};

/// An attachment, as far as any of the kept results, leases and links tell of it.
struct NodeAttachment {
    std::string network = {};
    AttachmentId id = {};  ///< ifname is empty when only a lease in the old form tells of it

    std::optional<KeptAttachment> kept = {};
    std::vector<host_local::LeaseView> leases = {};

    std::string netns = {};  ///< path, also of one that is gone; "" when unknown
    enum class Presence { unknown, gone, there } presence = Presence::unknown;
    std::optional<Link> link = {};            ///< in the container
    std::vector<Prefix> link_addresses = {};  ///< of it
    std::optional<Link> host_link = {};       ///< the host's end, or what it is on
    std::string bridge = {};                  ///< that the host's end is a port of

    std::vector<Fault> faults = {};

    /// Those of the result, else those of the interface, else those that are leased.
    std::vector<std::string> addresses() const;
    /// Since when: s since the epoch, 0 when unknown.
    std::int64_t since() const;
    bool is_alive() const { return link || host_link; }
};

/// What there is on a node.
struct NodeAttachments {
    std::vector<NodeAttachment> list;   ///< sorted by network, container and interface
    std::vector<std::string> problems;  ///< sentences about what could not be read
    std::vector<Link> links;            ///< of the host
};

/// Looks at all of it and changes nothing; at one network alone unless it is "". Nothing that is
/// found there makes it throw; only the kernel's refusing its own host does.
NodeAttachments survey(const StateFolders& folders, std::string_view network);

}  // namespace cni::tool
