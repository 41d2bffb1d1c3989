#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cni/plugin.h"
#include "netlink/link.h"
#include "netlink/tc/filter.h"

/// The detour that packets make which a container sends: an IFB of the host, in which they can
/// wait. It is found again without any record. Its name and its MAC are hashes of network,
/// container id and interface, its alias says the three, as that of a host's end does
/// (attach/host_link.h). So that the reference plugin removes it as well, its alternative name is
/// the one that the reference plugin gives, a hash of network and container id alone, unless
/// another interface has that.
namespace cni::bandwidth {

struct Detour {
    std::string name;
    Mac mac;
    std::string reference_name;
};
Detour detour_of(std::string_view network, const AttachmentId& attachment);

/// Makes it, down and without a limit. Throws NlError(EEXIST) when somebody else has its name.
Link make_detour(Rtnl& host, const Request& request, std::uint32_t mtu);

/// The attachment's own, `redirections` being the filters of its host's end: proved by alias or,
/// where that names no attachment, by the MAC that it was made with. One that the reference plugin
/// has made has only its name: it is the attachment's when the host's end leads to it, or nobody's
/// does.
std::vector<Link> find_detours(Rtnl& host, const Request& request,
                               const std::vector<Filter>& redirections);
/// For GC: those that belong to the network and to none of these attachments, and of the reference
/// plugin's, which do not say whose they are, those that were finished once and nobody leads to any
/// more. Lists the host's links.
std::vector<Link> find_stale_detours(Rtnl& host, std::string_view network,
                                     const std::vector<AttachmentId>& valid);

}  // namespace cni::bandwidth
