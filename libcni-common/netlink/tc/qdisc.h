#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netlink/link.h"
#include "netlink/tc/tbf.h"

namespace cni {

/// A queueing discipline of a link, as the kernel tells of it.
struct Qdisc {
    int link = 0;              ///< index
    std::string kind = {};     ///< "tbf", "ingress", "clsact", ...
    std::uint32_t handle = 0;  ///< 0x10000 is what tc(8) calls "1:"
    std::optional<TbfSettings> tbf = {};

    /// "tbf 1:"
    std::string to_string() const;
};

/// Requests for Rtnl::apply.

/// All that leaves the link passes it. It is called "1:". EEXIST when the link has another one that
/// was given to it: those it has by itself are replaced.
NlRequest add_root_tbf(const Link& link, const Tbf& tbf);
/// Succeeds when it, or the link, is gone already, and when something else has its place.
NlRequest remove_root_tbf(const Link& link);

/// The place of filters for what a link receives. Succeeds when the link has it, or its successor,
/// clsact.
NlRequest ensure_ingress_qdisc(const Link& link);
/// With all its filters. Succeeds when it, or the link, is gone already; one of clsact stays.
NlRequest remove_ingress_qdisc(const Link& link);

/// What leaves the link passes it; nullopt of one that a link has by itself.
std::optional<Qdisc> find_root_qdisc(Rtnl& rtnl, const Link& link);
/// Of all links. Costs the more the more there are: for GC.
std::vector<Qdisc> qdiscs(Rtnl& rtnl);

/// Whether one is called as add_root_tbf() calls it, and as the reference plugin does.
bool is_root_tbf(const Qdisc& qdisc);

}  // namespace cni
