#include "attachments.h"

#include <algorithm>
#include <set>

#include "attach/host_link.h"
#include "attach/peer.h"
#include "base/contains.h"
#include "namespaces.h"
#include "netlink/address.h"
#include "records.h"

namespace cni::tool {
namespace {

/// Adds to records what the kernel tells.
class KernelSurvey {
public:
    explicit KernelSurvey(Records& records) : records_(records) {}

    /// Returns the host's links.
    std::vector<Link> run() {
        std::vector<Link> links = host_.links();
        read_host_links(links);
        for_each([&](NodeAttachment& one) { find_place(one); });
        // Behind whatever has to be opened in the host's namespace.
        NetnsTour tour;
        for_each([&](NodeAttachment& one) {
            if (!one.netns.empty()) look_inside(one, tour);
            find_bridge(one);
        });
        return links;
    }

private:
    void read_host_links(const std::vector<Link>& links);
    /// What fails of one attachment hides none of the others.
    template <typename Look>
    void for_each(Look look);
    void find_place(NodeAttachment& attachment);
    void look_inside(NodeAttachment& attachment, NetnsTour& tour);
    void find_bridge(NodeAttachment& attachment);
    void find_netns(NodeAttachment& attachment);
    void find_host_side(NodeAttachment& attachment, Container& container);
    Namespaces& namespaces() {
        if (!namespaces_) namespaces_.emplace(host_);
        return *namespaces_;
    }

    Records& records_;
    Rtnl host_;
    const Netns own_ = Netns::current();
    const std::pair<dev_t, ino_t> own_identity_ = own_.identity();
    // Of the host's links.
    std::map<std::string_view, const Link*> by_alias_;
    std::map<int, std::string_view> names_;
    std::optional<Namespaces> namespaces_;
};

// A host end tells whose it is, also when nothing else does any more.
void KernelSurvey::read_host_links(const std::vector<Link>& links) {
    for (const Link& link : links) {
        names_.emplace(link.index, link.name);
        if (!names_an_attachment(link)) continue;
        by_alias_.emplace(link.alias, &link);
        const auto named = attachment_named_by(link);
        if (named && records_.wants(named->network)) records_.get(named->network, named->id);
    }
}

// What no result tells: the namespace that the host end leads to, or one with the leased address.
void KernelSurvey::find_netns(NodeAttachment& attachment) {
    if (attachment.host_link) {
        const auto path = namespaces().path_of(attachment.host_link->peer().netnsid);
        attachment.netns = path.value_or("");
    }
    for (const auto& lease : attachment.leases)
        for (const auto& bearer : namespaces().bearers(lease.ip))
            if (attachment.netns.empty() && bearer.link.name == attachment.id.ifname)
                attachment.netns = bearer.netns;
}

void KernelSurvey::find_host_side(NodeAttachment& attachment, Container& container) {
    const Link& link = *attachment.link;
    if (link.is<Veth>())
        attachment.host_link = find_peer(host_, container, link);
    else if (link.parent.is_elsewhere && container.rtnl.find_nsid(own_) == link.parent.netnsid)
        attachment.host_link = host_.find(link.parent.index);
}

void KernelSurvey::look_inside(NodeAttachment& attachment, NetnsTour& tour) {
    auto netns = Netns::find(attachment.netns);
    // A process id that belongs to one of the host's own processes by now.
    const bool is_there = netns && netns->identity() != own_identity_;
    attachment.presence =
        is_there ? NodeAttachment::Presence::there : NodeAttachment::Presence::gone;
    if (!is_there || attachment.id.ifname.empty()) return;
    Container container(*std::move(netns), attachment.id.ifname, tour);
    auto found = find_with_addresses(container.rtnl, container.ifname);
    if (!found) return;
    attachment.link = std::move(found->link);
    for (const Address& address : found->addresses)
        if (address.prefix.ip.is_global_unicast())
            attachment.link_addresses.push_back(address.prefix);
    if (!attachment.host_link) find_host_side(attachment, container);
}

void KernelSurvey::find_place(NodeAttachment& attachment) {
    const auto named = by_alias_.find(host_link_alias(attachment.network, attachment.id));
    if (named != by_alias_.end()) attachment.host_link = *named->second;
    if (attachment.netns.empty()) find_netns(attachment);
}

void KernelSurvey::find_bridge(NodeAttachment& attachment) {
    if (!attachment.host_link || attachment.host_link->master == 0) return;
    const auto master = names_.find(attachment.host_link->master);
    if (master != names_.end()) attachment.bridge = master->second;
}

template <typename Look>
void KernelSurvey::for_each(Look look) {
    for (auto& [key, attachment] : records_.attachments) try {
            look(attachment);
        } catch (const Error& error) {
            records_.problems.push_back(
                cat("attachment ", attachment.id.container_id, " ", attachment.id.ifname,
                    " of network ", attachment.network, " is not looked at: ", error.what()));
        }
}

/// Judges by what is known: what could not be looked at is no fault.
class Judge {
public:
    /// `uses_host_local` of the list that the attachment was made with.
    Judge(NodeAttachment& attachment, bool uses_host_local)
        : its_(attachment), uses_host_local_(uses_host_local) {}

    void run() {
        mark(Fault::namespace_gone, its_.presence == Presence::gone);
        mark(Fault::link_gone, is_there() && !its_.link && !its_.id.ifname.empty());
        mark(Fault::other_link, is_other_link());
        mark(Fault::address_gone, its_.link && misses_address());
        mark(Fault::lease_without_link, !its_.leases.empty() && !its_.is_alive() && !is_hidden());
        mark(Fault::link_without_lease, its_.is_alive() && misses_lease());
        mark(Fault::result_gone, !its_.kept);
        mark(Fault::lease_of_earlier_boot, has_dead_lease());
    }

private:
    using Presence = NodeAttachment::Presence;

    void mark(Fault fault, bool holds) {
        if (holds) its_.faults.push_back(fault);
    }
    bool is_there() const { return its_.presence == Presence::there; }
    // Its namespace is one that nobody has the path of, or may enter.
    bool is_hidden() const { return its_.kept && its_.presence == Presence::unknown; }
    std::vector<Prefix> recorded() const;
    bool is_other_link() const;
    bool misses_address() const;
    bool misses_lease() const;
    bool has_dead_lease() const;

    NodeAttachment& its_;
    const bool uses_host_local_;
};

std::vector<Prefix> Judge::recorded() const {
    std::vector<Prefix> prefixes;
    if (!its_.kept || !its_.kept->result) return prefixes;
    for (const IpConfig& ip : its_.kept->result->ips)
        if (its_.kept->result->is_of_container(ip, its_.id.ifname)) prefixes.push_back(ip.address);
    return prefixes;
}

// The path of a namespace and the name of an interface may both be another container's by now.
bool Judge::is_other_link() const {
    if (!its_.link || !its_.kept || !its_.kept->result) return false;
    return std::ranges::any_of(its_.kept->result->interfaces, [&](const Interface& interface) {
        return !interface.sandbox.empty() && interface.name == its_.id.ifname &&
               !interface.mac.empty() && interface.mac != its_.link->address_text();
    });
}

bool Judge::misses_address() const {
    return std::ranges::any_of(recorded(), [&](const Prefix& prefix) {
        return std::ranges::none_of(its_.link_addresses,
                                    [&](const Prefix& has) { return has.ip == prefix.ip; });
    });
}

bool Judge::misses_lease() const {
    if (!uses_host_local_) return false;
    return std::ranges::any_of(recorded(), [&](const Prefix& prefix) {
        return std::ranges::none_of(its_.leases,
                                    [&](const auto& lease) { return lease.ip == prefix.ip; });
    });
}

bool Judge::has_dead_lease() const {
    return std::ranges::any_of(its_.leases, [](const auto& lease) {
        return lease.boot == host_local::LeaseView::Boot::earlier;
    });
}

}  // namespace

std::vector<std::string> NodeAttachment::addresses() const {
    std::vector<std::string> texts;
    if (kept && kept->result)
        for (const IpConfig& ip : kept->result->ips) texts.push_back(ip.address.to_string());
    if (!texts.empty()) return texts;
    for (const Prefix& prefix : link_addresses) texts.push_back(prefix.to_string());
    if (!texts.empty()) return texts;
    for (const auto& lease : leases) texts.push_back(lease.ip.to_string());
    return texts;
}

std::int64_t NodeAttachment::since() const {
    if (kept) return kept->since;
    return leases.empty() ? 0 : std::ranges::min(leases, {}, &host_local::LeaseView::since).since;
}

NodeAttachments survey(const StateFolders& folders, std::string_view network) {
    Records records(network);
    for (const std::string& base : folders.caches) records.read_cache(base);
    std::set<std::string> data_dirs(folders.data_dirs.begin(), folders.data_dirs.end());
    for (std::string& dir : records.data_dirs_of_lists()) data_dirs.insert(std::move(dir));
    for (const std::string& dir : data_dirs) records.read_leases(dir);
    std::vector<Link> links = KernelSurvey(records).run();
    NodeAttachments node{
        .list = {}, .problems = std::move(records.problems), .links = std::move(links)};
    node.list.reserve(records.attachments.size());
    // Thousands of attachments were made by the same list.
    std::map<std::string, bool> lists;
    const auto has_leases = [&](const NodeAttachment& attachment) {
        if (!attachment.kept) return false;
        const auto [list, is_new] = lists.try_emplace(attachment.kept->list, false);
        if (is_new) list->second = uses_host_local(list->first);
        return list->second;
    };
    for (auto& [key, attachment] : records.attachments) {
        Judge(attachment, has_leases(attachment)).run();
        node.list.push_back(std::move(attachment));
    }
    return node;
}

}  // namespace cni::tool
