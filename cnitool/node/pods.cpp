#include "pods.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "cni/args.h"

namespace cni::tool {
namespace {

constexpr const char* how = "crictl pods -o json | cnitool gc NETWORK --from-crictl";

// Of runtimes, who are behind this: containerd's and CRI-O's first interface.
constexpr const char* first_interface = "eth0";

// Longer than an ADD takes: until that is done a runtime may not list its sandbox.
constexpr std::time_t youth = 300;

Error not_pods(std::string msg) {
    return Error(Code::invalid_config, std::move(msg), how);
}

std::string id_of(const Json& pod, std::size_t number) {
    const auto id = pod.is_object() ? pod.find("id") : std::nullopt;
    if (!id || !id->is_string() || !is_valid_identifier(id->as_string()))
        throw not_pods(cat("item ", number, " of crictl's list has no id that a sandbox may have"));
    return id->as_string();
}

// A runtime may give its list in pages; of those crictl asks for all.
bool is_continued(const Json& list) {
    const auto token = list.find("nextPageToken");
    return token && !(token->is_string() && token->as_string().empty());
}

std::string why_spared(const NodeAttachment& attachment, std::time_t now) {
    if (attachment.link)
        return cat("interface ", attachment.id.ifname, " is in ", attachment.netns);
    if (attachment.host_link)
        return cat("interface ", attachment.host_link->name, " of the host is there");
    if (attachment.since() > now - youth) return "it was made within the last minutes";
    return {};
}

}  // namespace

std::vector<std::string> parse_pods(std::string_view text) {
    const Json json = Json::parse(std::string(text), "the list of crictl");
    const auto items = json.is_object() ? json.find("items") : std::nullopt;
    if (json.is_object() && json.find("containers"))
        throw not_pods("that is what crictl ps prints: it lists containers, and not all sandboxes");
    if (!items || !items->is_array()) throw not_pods("that is not what crictl pods prints");
    if (is_continued(json)) throw not_pods("that is one page of several: crictl's list goes on");
    std::vector<std::string> ids;
    for (const Json& pod : items->as_list()) ids.push_back(id_of(pod, ids.size()));
    return ids;
}

SparedByPods spared_by(const std::vector<std::string>& pods, const NodeAttachments& node,
                       std::string_view network, std::time_t now) {
    const std::set<std::string> known(pods.begin(), pods.end());
    std::set<AttachmentId> valid;
    for (const std::string& id : known) valid.insert({id, first_interface});
    SparedByPods spared;
    for (const NodeAttachment& one : node.list) {
        // A sandbox may have several interfaces, in whichever network.
        if (known.contains(one.id.container_id)) {
            if (!one.id.ifname.empty()) valid.insert(one.id);
            continue;
        }
        const std::string why = one.network == network ? why_spared(one, now) : "";
        if (why.empty()) continue;
        valid.insert(one.id);
        spared.reasons.push_back(cat(one.id.container_id, " ", one.id.ifname,
                                     " is kept, though crictl does not list it: ", why));
    }
    spared.valid.assign(valid.begin(), valid.end());
    return spared;
}

}  // namespace cni::tool
