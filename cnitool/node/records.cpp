#include "records.h"

#include <algorithm>
#include <set>

#include "base/contains.h"

namespace cni::tool {
namespace {

// The "ipam" objects of a list's plugins that are host-local's.
std::vector<Json> host_local_ipams(const std::string& list) try {
    std::vector<Json> found;
    if (list.empty()) return found;
    for (const Json& plugin : Json::parse(list, "list").list("plugins")) {
        const auto ipam = plugin.find("ipam");
        if (ipam && ipam->is_object() && ipam->string_or("type", "") == "host-local")
            found.push_back(*ipam);
    }
    return found;
} catch (const Error&) {
    return {};
}

std::string data_dir_of(const Json& ipam) try {
    return ipam.string_or("dataDir", host_local::default_data_dir);
} catch (const Error&) {
    return {};
}

}  // namespace

std::vector<std::string> data_dirs_of(const std::string& list) {
    std::vector<std::string> dirs;
    for (const Json& ipam : host_local_ipams(list))
        if (std::string dir = data_dir_of(ipam); dir.starts_with('/')) dirs.push_back(dir);
    return dirs;
}

bool uses_host_local(const std::string& list) {
    return !host_local_ipams(list).empty();
}

NodeAttachment& Records::get(const std::string& network, const AttachmentId& id) {
    const auto [found, is_new] = attachments.try_emplace({network, id});
    NodeAttachment& attachment = found->second;
    if (is_new) attachment.network = network, attachment.id = id;
    return attachment;
}

void Records::read_cache(const std::string& base) {
    auto unread = read_kept_attachments(base, [&](KeptAttachment one) {
        if (!wants(one.network)) return;
        NodeAttachment& attachment = get(one.network, one.conf.id());
        if (attachment.kept) return;
        attachment.netns = one.conf.netns;
        attachment.kept = std::move(one);
    });
    std::ranges::move(unread, std::back_inserter(problems));
}

std::vector<std::string> Records::data_dirs_of_lists() const {
    // Thousands of attachments have the same one.
    std::set<std::string> lists, dirs;
    for (const auto& [key, attachment] : attachments)
        if (attachment.kept) lists.insert(attachment.kept->list);
    for (const std::string& list : lists)
        for (std::string& dir : data_dirs_of(list)) dirs.insert(std::move(dir));
    return {dirs.begin(), dirs.end()};
}

void Records::add_lease(host_local::LeaseView lease) {
    if (!lease.owner) {
        problems.push_back(cat(lease.path, " is no lease that can be read: its address stays ",
                               "taken, and DEL does not release it"));
        return;
    }
    // A lease in the old form is of any interface of its container.
    const auto first = attachments.lower_bound({lease.network, *lease.owner});
    const bool is_known = first != attachments.end() && first->first.first == lease.network &&
                          first->first.second.container_id == lease.owner->container_id;
    NodeAttachment& attachment =
        lease.owner->ifname.empty() && is_known ? first->second : get(lease.network, *lease.owner);
    attachment.leases.push_back(std::move(lease));
}

void Records::read_leases(const std::string& data_dir) try {
    for (const std::string& network : host_local::list_networks(data_dir)) {
        if (!wants(network)) continue;
        for (auto& lease : host_local::list_leases({data_dir, network}))
            add_lease(std::move(lease));
    }
} catch (const Error& error) {
    problems.push_back(cat("leases are not read: ", error.what()));
}

}  // namespace cni::tool
