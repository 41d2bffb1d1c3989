#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cni/config.h"
#include "net/mac.h"
#include "netlink/link.h"

namespace cni {

/// The host end of a container's veth pair is found again without its namespace and without any
/// record: its name ("veth" and 8 hex digits, as the reference plugins') is derived from network,
/// container and interface, and its MAC from network and name. A link bearing both is ours.
struct HostLink {
    std::string name;
    Mac mac;
};

/// How many names an attachment may use; the second and later ones serve when a name is taken.
constexpr int host_link_names = 8;

/// The `attempt`th choice, from 0.
HostLink host_link(std::string_view network, const AttachmentId& attachment, int attempt);

/// All names that host links of these attachments may have.
std::set<std::string> names_of_host_links(std::string_view network,
                                          const std::vector<AttachmentId>& attachments);

/// Whether the link was made for an attachment of this network (of whichever container).
bool is_host_link_of(std::string_view network, const Link& link);

/// The host ends of this attachment: those under its own names, and what `prev_result` says was
/// made for it, provided that name, kind and MAC still agree.
std::vector<Link> find_host_links(Rtnl& host, std::string_view network,
                                  const AttachmentId& attachment,
                                  const std::optional<Result>& prev_result);

}  // namespace cni
