#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netlink/link.h"

namespace cni {

/// A filter for what a link receives, as the kernel tells of it.
struct Filter {
    std::string kind = {};
    std::uint16_t priority = 0;  ///< lower ones come first
    std::uint16_t protocol = 0;  ///< ETH_P_*
    std::uint32_t handle = 0;
    /// The index of the link to which it sends all that there is, instead of letting it in; 0 when
    /// that one is gone, and everything is dropped. nullopt when it does something else.
    std::optional<int> redirected_to = {};
};

/// Requests for Rtnl::apply. `link` is to have an ingress qdisc (netlink/tc/qdisc.h).

/// All that `link` receives leaves through `target` instead; an IFB has it come in from there,
/// through `link`, without passing filters again. The filter is of kind u32, which every kernel has
/// that can limit, and of priority 1.
NlRequest redirect(const Link& link, const Link& target);
/// With a handle of 0, all of its priority and protocol. Succeeds when it, or the link, is gone
/// already.
NlRequest remove_filter(const Link& link, const Filter& filter);

/// Those for what the link receives, in the order in which packets meet them; none without an
/// ingress qdisc.
std::vector<Filter> filters(Rtnl& rtnl, const Link& link);
/// The links that others redirect to. Lists the qdiscs of all: for GC.
std::set<int> redirection_targets(Rtnl& rtnl);

}  // namespace cni
