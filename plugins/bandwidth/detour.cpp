#include "detour.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <set>

#include "attach/host_link.h"
#include "base/hash.h"
#include "netlink/tc/qdisc.h"

namespace cni::bandwidth {
namespace {

constexpr std::string_view name_prefix = "bwp";
constexpr std::size_t name_digits = 12;

std::string name_of_hash(std::string_view hash) {
    return cat(name_prefix, hash.substr(0, name_digits));
}

bool is_name(std::string_view name) {
    return name.size() == name_prefix.size() + name_digits && name.starts_with(name_prefix) &&
           name.find_first_not_of("0123456789abcdef", name_prefix.size()) == name.npos;
}

// Left out when another link has the name, or the kernel knows none of this sort (before
// Linux 5.5).
NlRequest also_call(const Link& link, const std::string& name) {
    NlMessage message(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL);
    ifinfomsg header{};
    header.ifi_index = link.index;
    message.header(header);
    message.nest(IFLA_PROP_LIST, [&] { message.put_string(IFLA_ALT_IFNAME, name); });
    return {std::move(message),
            cat("give ", link.name, " the alternative name ", name),
            EEXIST,
            {EOPNOTSUPP}};
}

bool leads_to(const std::vector<Filter>& redirections, const Link& link) {
    return std::ranges::any_of(
        redirections, [&](const Filter& filter) { return filter.redirected_to == link.index; });
}

/// What tells the IFB of an attachment.
class Proof {
public:
    Proof(Rtnl& host, const Request& request, const std::vector<Filter>& redirections)
        : host_(host),
          redirections_(redirections),
          detour_(detour_of(request.conf.name, request.attachment())),
          alias_(host_link_alias(request.conf.name, request.attachment())) {}

    std::vector<std::string> names() const { return {detour_.name, detour_.reference_name}; }
    bool holds_for(const Link& link) const {
        if (!link.is<Ifb>()) return false;
        if (names_an_attachment(link)) return link.alias == alias_;
        if (link.name == detour_.name) return link.mac == detour_.mac;
        if (link.name != detour_.reference_name) return false;
        return leads_to(redirections_, link) || !redirection_targets(host_).contains(link.index);
    }

private:
    Rtnl& host_;
    const std::vector<Filter>& redirections_;
    Detour detour_;
    std::string alias_;
};

/// For GC: tells IFBs that nobody needs.
class Stale {
public:
    Stale(Rtnl& host, std::string_view network, const std::vector<AttachmentId>& valid)
        : host_(host), network_(network) {
        for (const AttachmentId& attachment : valid) {
            aliases_.insert(host_link_alias(network, attachment));
            reference_names_.insert(detour_of(network, attachment).reference_name);
        }
    }
    bool contain(const Link& link) {
        if (!link.is<Ifb>()) return false;
        if (names_an_attachment(link))
            return names_an_attachment_of(network_, link) && !aliases_.contains(link.alias);
        return is_name(link.name) && !reference_names_.contains(link.name) && is_deserted(link);
    }

private:
    // The reference plugin leads to it before it limits it.
    bool is_deserted(const Link& link) {
        const auto root = find_root_qdisc(host_, link);
        if (!root || !is_root_tbf(*root)) return false;
        // Ours are limited once they are labelled: one that was not yet when the links were listed
        // is.
        const auto now = host_.find(link.index);
        if (!now || names_an_attachment(*now)) return false;
        if (!targets_) targets_ = redirection_targets(host_);
        return !targets_->contains(link.index);
    }

    Rtnl& host_;
    std::string_view network_;
    std::set<std::string> aliases_, reference_names_;
    std::optional<std::set<int>> targets_;
};

void keep_once(std::vector<Link>& links) {
    std::ranges::sort(links, {}, &Link::index);
    const auto is_same = [](const Link& a, const Link& b) { return a.index == b.index; };
    links.erase(std::unique(links.begin(), links.end(), is_same), links.end());
}

}  // namespace

Detour detour_of(std::string_view network, const AttachmentId& attachment) {
    // No part can hold a slash, so different attachments never hash the same text.
    const std::string hash =
        sha512_hex(cat("ifb/", network, "/", attachment.container_id, "/", attachment.ifname));
    return {.name = name_of_hash(hash),
            .mac = Mac::from_hash(std::string_view(hash).substr(name_digits)),
            .reference_name = name_of_hash(sha512_hex(cat(network, attachment.container_id)))};
}

Link make_detour(Rtnl& host, const Request& request, std::uint32_t mtu) {
    const Detour detour = detour_of(request.conf.name, request.attachment());
    Link link = host.make_link({.name = detour.name,
                                .mac = detour.mac,
                                .mtu = mtu,
                                .alias = host_link_alias(request.conf.name, request.attachment()),
                                .kind = Ifb{}});
    host.apply(also_call(link, detour.reference_name));
    return link;
}

std::vector<Link> find_detours(Rtnl& host, const Request& request,
                               const std::vector<Filter>& redirections) {
    const Proof proof(host, request, redirections);
    std::vector<Link> found = host.find_all(proof.names());
    std::erase_if(found, [&](const Link& link) { return !proof.holds_for(link); });
    keep_once(found);
    return found;
}

std::vector<Link> find_stale_detours(Rtnl& host, std::string_view network,
                                     const std::vector<AttachmentId>& valid) {
    Stale stale(host, network, valid);
    std::vector<Link> found = host.links();
    std::erase_if(found, [&](const Link& link) { return !stale.contain(link); });
    return found;
}

}  // namespace cni::bandwidth
