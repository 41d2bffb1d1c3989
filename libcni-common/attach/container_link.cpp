#include "attach/container_link.h"

#include <algorithm>

#include "attach/host_link.h"
#include "base/warn.h"

namespace cni {
namespace {

std::optional<Link> find_renamed(Rtnl& container, std::string_view kind, const std::string& alias) {
    const std::vector<Link> links = container.links();
    const auto found = std::ranges::find_if(
        links, [&](const Link& link) { return link.kind_name() == kind && link.alias == alias; });
    return found == links.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::optional<Link> find_container_link(Container& container, const Request& request,
                                        std::string_view kind) {
    const std::string alias = host_link_alias(request.conf.name, request.attachment());
    auto named = container.find_interface();
    const bool is_of_kind = named && named->kind_name() == kind;
    if (is_of_kind && (named->alias == alias || !names_an_attachment(*named))) return named;
    if (is_of_kind)
        warn({"interface ", named->name,
              " is of another attachment, as its alias says: it is left "
              "alone"});
    else if (named)
        warn({"interface ", named->name, " is not of type ", kind, ": it is left alone"});
    return find_renamed(container.rtnl, kind, alias);
}

}  // namespace cni
