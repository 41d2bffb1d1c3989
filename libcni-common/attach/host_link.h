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

// The host end of a container's veth pair is found again without its namespace and without any
// record. Its name ("veth" and 8 hex digits, as the reference plugins') and its MAC are hashes of
// network, container id and interface; its alias says them. A name only finds a candidate: the link
// is the attachment's when its alias says so. When the alias names no attachment (it is not set
// yet, or somebody has put another one there; cnixx 0.1.0 set none), the MAC must be the one it was
// made with. Nothing of that can be changed from inside the container.

struct HostLink {
    std::string name;
    Mac mac;
};

/// How many names an attachment may use; the second and later ones serve when a name is taken.
constexpr int host_link_names = 8;

/// The `attempt`th choice, from 0.
HostLink host_link(std::string_view network, const AttachmentId& attachment, int attempt);

/// "cnixx:net1/c1/eth0" or, when that is longer than the kernel's 255 bytes, "cnixx#" and the first
/// 64 digits of hashes of the network and of the rest. A link that lies in the container alone has
/// it too, so that DEL finds it when the container has renamed it: attach/container_link.h.
std::string host_link_alias(std::string_view network, const AttachmentId& attachment);

/// Whether its alias says that the link was made for an attachment of any network.
bool names_an_attachment(const Link& link);

/// The same of this network (of whichever container).
bool names_an_attachment_of(std::string_view network, const Link& link);

/// What such an alias names, of any network; nullopt of a link that has none, or one that is too
/// long to tell.
struct NamedAttachment {
    std::string network;
    AttachmentId id;
};
std::optional<NamedAttachment> attachment_named_by(const Link& link);

/// Whether the link was made for an attachment of this network (of whichever container).
bool is_host_link_of(std::string_view network, const Link& link);

/// "veth" and 8 hex digits: how bridge and ptp name host ends, the reference plugins' as well.
bool is_name_of_host_link(std::string_view name);

/// The host ends of this attachment: those under its own names, and what `prev_result` says was
/// made for it by the reference plugins, provided that it is the end of a pair whose other end is
/// in another namespace, that name and MAC still agree, and that it is nobody else's. Never what
/// attachments share, whatever the record says.
std::vector<Link> find_host_links(Rtnl& host, std::string_view network,
                                  const AttachmentId& attachment,
                                  const std::optional<Result>& prev_result);

/// For GC: tells the host ends of a network's attachments that are none of the `valid` ones.
class StaleHostLinks {
public:
    StaleHostLinks(std::string_view network, const std::vector<AttachmentId>& valid);
    bool contain(const Link& link) const;

private:
    std::string network_;
    std::set<std::string> valid_aliases_, valid_names_;
};

/// For GC: these, whatever they are connected to now. Lists all veth links.
std::vector<Link> find_stale_host_links(Rtnl& host, const StaleHostLinks& stale);

}  // namespace cni
