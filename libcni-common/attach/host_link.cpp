#include "attach/host_link.h"

#include <algorithm>

#include "base/hash.h"
#include "cni/args.h"

namespace cni {
namespace {

constexpr std::size_t name_digits = 8;

Mac mac_of(std::string_view network, std::string_view name) {
    return Mac::from_hash(sha512_hex(cat("mac/", network, "/", name)));
}

}  // namespace

HostLink host_link(std::string_view network, const AttachmentId& attachment, int attempt) {
    // No part can hold a slash, so different attachments never hash the same text.
    const std::string hash = sha512_hex(
        cat("link/", network, "/", attachment.container_id, "/", attachment.ifname, "/", attempt));
    const std::string name = cat("veth", hash.substr(0, name_digits));
    return {name, mac_of(network, name)};
}

std::set<std::string> names_of_host_links(std::string_view network,
                                          const std::vector<AttachmentId>& attachments) {
    std::set<std::string> names;
    for (const AttachmentId& attachment : attachments)
        for (int attempt = 0; attempt < host_link_names; ++attempt)
            names.insert(host_link(network, attachment, attempt).name);
    return names;
}

bool is_host_link_of(std::string_view network, const Link& link) {
    return link.kind == "veth" && link.mac == mac_of(network, link.name);
}

std::vector<Link> find_host_links(Rtnl& host, std::string_view network,
                                  const AttachmentId& attachment,
                                  const std::optional<Result>& prev_result) {
    std::vector<Link> found;
    const auto add_if = [&](const std::string& name, const auto& is_ours) {
        const auto link = host.find(name);
        if (link && link->kind == "veth" && is_ours(*link)) found.push_back(*link);
    };
    for (int attempt = 0; attempt < host_link_names; ++attempt) {
        const HostLink expected = host_link(network, attachment, attempt);
        add_if(expected.name, [&](const Link& link) { return link.mac == expected.mac; });
    }
    if (!prev_result) return found;
    for (const Interface& interface : prev_result->interfaces) {
        const auto mac = Mac::parse(interface.mac);
        const bool ours_already = std::any_of(found.begin(), found.end(), [&](const Link& link) {
            return link.name == interface.name;
        });
        if (!interface.sandbox.empty() || !mac || ours_already || !is_ifname(interface.name))
            continue;
        add_if(interface.name, [&](const Link& link) { return link.mac == *mac; });
    }
    return found;
}

}  // namespace cni
