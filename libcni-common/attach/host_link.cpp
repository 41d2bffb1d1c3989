#include "attach/host_link.h"

#include <algorithm>

#include "base/hash.h"
#include "cni/args.h"

namespace cni {
namespace {

constexpr std::size_t name_digits = 8;
constexpr std::string_view name_prefix = "veth";
constexpr std::string_view alias_prefix = "cnixx:", hashed_alias_prefix = "cnixx#";
constexpr std::size_t longest_alias = 255;  // IFALIASZ less the final zero
constexpr std::size_t alias_digits = 64;

// Of cnixx 0.1.0, which set no alias.
Mac first_version_mac(std::string_view network, std::string_view name) {
    return Mac::from_hash(sha512_hex(cat("mac/", network, "/", name)));
}

std::string alias_hash(std::string_view text) {
    return sha512_hex(cat("alias/", text)).substr(0, alias_digits);
}

std::string plain_alias_prefix_of(std::string_view network) {
    return cat(alias_prefix, network, "/");
}

std::string hashed_alias_prefix_of(std::string_view network) {
    return cat(hashed_alias_prefix, alias_hash(network), "/");
}

/// What tells the links of an attachment.
class Proof {
public:
    Proof(std::string_view network, const AttachmentId& attachment)
        : network_(network), alias_(host_link_alias(network, attachment)) {
        for (int attempt = 0; attempt < host_link_names; ++attempt)
            links_.push_back(host_link(network, attachment, attempt));
    }

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const HostLink& link : links_) names.push_back(link.name);
        return names;
    }
    bool holds_for(const Link& link) const {
        const auto expected = std::ranges::find(links_, link.name, &HostLink::name);
        if (!link.is<Veth>() || expected == links_.end()) return false;
        if (names_an_attachment(link)) return link.alias == alias_;
        return link.mac == expected->mac || link.mac == first_version_mac(network_, link.name);
    }

private:
    std::string_view network_;
    std::string alias_;
    std::vector<HostLink> links_;
};

const Interface* find_recorded(const std::vector<Interface>& interfaces, const Link& link) {
    const auto found = std::ranges::find_if(interfaces, [&](const Interface& interface) {
        return interface.sandbox.empty() && interface.name == link.name &&
               Mac::parse(interface.mac) == link.mac;
    });
    return found == interfaces.end() ? nullptr : &*found;
}

// By the reference plugins, or by whoever else has written the record.
std::vector<Link> find_recorded_links(Rtnl& host, std::string_view network, const Result& record) {
    std::vector<std::string> names;
    for (const Interface& interface : record.interfaces)
        if (interface.sandbox.empty() && is_name_of_host_link(interface.name))
            names.push_back(interface.name);
    std::vector<Link> found = host.find_all(names);
    std::erase_if(found, [&](const Link& link) {
        return !link.is<Veth>() || !link.peer().is_elsewhere || names_an_attachment(link) ||
               is_host_link_of(network, link) || !find_recorded(record.interfaces, link);
    });
    return found;
}

}  // namespace

HostLink host_link(std::string_view network, const AttachmentId& attachment, int attempt) {
    // No part can hold a slash, so different attachments never hash the same text.
    const std::string hash = sha512_hex(
        cat("link/", network, "/", attachment.container_id, "/", attachment.ifname, "/", attempt));
    return {cat(name_prefix, hash.substr(0, name_digits)),
            Mac::from_hash(hash.substr(name_digits))};
}

std::string host_link_alias(std::string_view network, const AttachmentId& attachment) {
    const std::string rest = cat(attachment.container_id, "/", attachment.ifname);
    std::string plain = cat(plain_alias_prefix_of(network), rest);
    if (plain.size() <= longest_alias) return plain;
    return cat(hashed_alias_prefix_of(network), alias_hash(rest));
}

bool names_an_attachment(const Link& link) {
    return link.alias.starts_with(alias_prefix) || link.alias.starts_with(hashed_alias_prefix);
}

bool names_an_attachment_of(std::string_view network, const Link& link) {
    return link.alias.starts_with(plain_alias_prefix_of(network)) ||
           link.alias.starts_with(hashed_alias_prefix_of(network));
}

std::optional<NamedAttachment> attachment_named_by(const Link& link) {
    if (!link.alias.starts_with(alias_prefix)) return {};
    const auto parts = split(std::string_view(link.alias).substr(alias_prefix.size()), '/');
    // Whoever may set an alias may write anything there.
    if (parts.size() != 3 || !is_valid_identifier(parts[0]) || !is_valid_identifier(parts[1]) ||
        !is_ifname(parts[2]))
        return {};
    return NamedAttachment{std::string(parts[0]), {std::string(parts[1]), std::string(parts[2])}};
}

bool is_host_link_of(std::string_view network, const Link& link) {
    if (!link.is<Veth>()) return false;
    if (!names_an_attachment(link)) return link.mac == first_version_mac(network, link.name);
    return names_an_attachment_of(network, link);
}

bool is_name_of_host_link(std::string_view name) {
    return name.size() == name_prefix.size() + name_digits && name.starts_with(name_prefix) &&
           name.find_first_not_of("0123456789abcdef", name_prefix.size()) == name.npos;
}

std::vector<Link> find_host_links(Rtnl& host, std::string_view network,
                                  const AttachmentId& attachment,
                                  const std::optional<Result>& prev_result) {
    const Proof proof(network, attachment);
    std::vector<Link> found = host.find_all(proof.names());
    std::erase_if(found, [&](const Link& link) { return !proof.holds_for(link); });
    if (!prev_result) return found;
    for (Link& link : find_recorded_links(host, network, *prev_result))
        found.push_back(std::move(link));
    return found;
}

StaleHostLinks::StaleHostLinks(std::string_view network, const std::vector<AttachmentId>& valid)
    : network_(network) {
    for (const AttachmentId& attachment : valid) {
        valid_aliases_.insert(host_link_alias(network, attachment));
        for (int attempt = 0; attempt < host_link_names; ++attempt)
            valid_names_.insert(host_link(network, attachment, attempt).name);
    }
}

bool StaleHostLinks::contain(const Link& link) const {
    if (!is_host_link_of(network_, link)) return false;
    return names_an_attachment(link) ? !valid_aliases_.contains(link.alias)
                                     : !valid_names_.contains(link.name);
}

std::vector<Link> find_stale_host_links(Rtnl& host, const StaleHostLinks& stale) {
    std::vector<Link> found = host.veths();
    std::erase_if(found, [&](const Link& link) { return !stale.contain(link); });
    return found;
}

}  // namespace cni
