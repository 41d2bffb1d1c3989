#include "lease_state.h"

#include <algorithm>
#include <optional>

#include "namespaces.h"

namespace cni::tool {
namespace {

/// Looks into all namespaces only when some lease has no link that is known.
class LeaseJudge {
public:
    explicit LeaseJudge(const NodeAttachments& node) : node_(node) {}

    JudgedLease judge(const NodeAttachment& attachment, const host_local::LeaseView& lease);

private:
    Namespaces& namespaces() {
        if (!namespaces_) namespaces_.emplace(host_);
        return *namespaces_;
    }
    bool is_anothers(const Namespaces::Bearer& bearer, const NodeAttachment& attachment) const;
    const Namespaces::Bearer* find_bearer(const NodeAttachment& attachment, const Ip& ip);

    const NodeAttachments& node_;
    Rtnl host_;
    std::optional<Namespaces> namespaces_;
};

std::string of_link(const NodeAttachment& attachment) {
    if (attachment.link) return cat("interface ", attachment.id.ifname, " in ", attachment.netns);
    return cat("interface ", attachment.host_link->name, " of the host");
}

std::string of_namespace(const NodeAttachment& attachment) {
    if (attachment.netns.empty())
        return attachment.kept ? "the kept result names no namespace"
                               : "no runtime has kept a result";
    if (attachment.presence == NodeAttachment::Presence::gone)
        return cat("its namespace ", attachment.netns, " is gone");
    return cat("its namespace ", attachment.netns, " has no ", attachment.id.ifname);
}

// Networks may use the same addresses.
bool LeaseJudge::is_anothers(const Namespaces::Bearer& bearer,
                             const NodeAttachment& attachment) const {
    return std::ranges::any_of(node_.list, [&](const NodeAttachment& other) {
        return &other != &attachment && other.link && other.link->index == bearer.link.index &&
               other.link->mac == bearer.link.mac && other.id.ifname == bearer.link.name;
    });
}

const Namespaces::Bearer* LeaseJudge::find_bearer(const NodeAttachment& attachment, const Ip& ip) {
    const auto& bearers = namespaces().bearers(ip);
    const auto found = std::ranges::find_if(
        bearers, [&](const auto& bearer) { return !is_anothers(bearer, attachment); });
    return found == bearers.end() ? nullptr : &*found;
}

JudgedLease LeaseJudge::judge(const NodeAttachment& attachment,
                              const host_local::LeaseView& lease) {
    if (attachment.is_alive()) return {lease, LeaseState::alive, of_link(attachment)};
    if (const auto* bearer = find_bearer(attachment, lease.ip))
        return {lease, LeaseState::alive,
                cat("interface ", bearer->link.name, " in ", bearer->netns, " bears the address")};
    if (attachment.presence == NodeAttachment::Presence::unknown && !attachment.netns.empty())
        return {lease, LeaseState::unknown,
                cat("its namespace ", attachment.netns, " cannot be looked into")};
    if (!namespaces().problems().empty())
        return {lease, LeaseState::unknown, namespaces().problems().front()};
    const std::string boot =
        lease.boot == host_local::LeaseView::Boot::earlier ? ", and it is of an earlier boot" : "";
    return {lease, LeaseState::dead,
            cat(of_namespace(attachment), ", and no interface bears the address", boot)};
}

}  // namespace

std::vector<JudgedLease> judge_leases(const NodeAttachments& node) {
    LeaseJudge judge(node);
    std::vector<JudgedLease> leases;
    leases.reserve(node.list.size());
    for (const NodeAttachment& attachment : node.list)
        for (const auto& lease : attachment.leases)
            leases.push_back(judge.judge(attachment, lease));
    std::ranges::sort(leases, [](const JudgedLease& a, const JudgedLease& b) {
        return std::tie(a.lease.network, a.lease.ip) < std::tie(b.lease.network, b.lease.ip);
    });
    return leases;
}

}  // namespace cni::tool
