#include "attach/unrecorded_link.h"

#include <algorithm>

#include "attach/host_link.h"
#include "attach/peer.h"

namespace cni {
namespace {

// The record names another one: then this is the interface of whoever has the namespace now.
bool is_denied_by(const std::optional<Result>& record, const Link& link) {
    if (!record) return false;
    bool names_any = false, names_it = false;
    for (const Interface& interface : record->interfaces) {
        if (!interface.sandbox.empty() || !is_name_of_host_link(interface.name)) continue;
        names_any = true;
        names_it = names_it || interface.name == link.name;
    }
    return names_any && !names_it;
}

}  // namespace

std::optional<Link> find_unrecorded_link(Rtnl& host, const Request& request,
                                         const std::optional<Result>& record) {
    const auto container = Container::find(request.args);
    if (!container) return {};
    auto link = find_peer(host, *container);
    if (!link || !is_name_of_host_link(link->name)) return {};
    const bool is_of_another =
        names_an_attachment(*link) || is_host_link_of(request.conf.name, *link);
    if (is_of_another || is_denied_by(record, *link)) return {};
    return link;
}

}  // namespace cni
