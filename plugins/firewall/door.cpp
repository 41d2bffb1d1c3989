#include "door.h"

#include "base/error.h"

namespace cni::firewall {
namespace {

std::vector<std::string> host_interfaces(const Result& result) {
    std::vector<std::string> names;
    for (const Interface& interface : result.interfaces)
        if (interface.sandbox.empty() && !interface.name.empty()) names.push_back(interface.name);
    return names;
}

Link get_link_of_container(Rtnl& host, const Result& result) {
    for (const std::string& name : host_interfaces(result))
        if (auto link = host.find(name); link && !link->is<Bridge>()) return *std::move(link);
    throw Error(Code::invalid_config,
                "prevResult names no interface of the host that leads to the container",
                "\"ingress\", \"egress\" and \"gate\" hold where the host sees all that passes: "
                "chain \"firewall\" behind \"bridge\" or \"ptp\"");
}

}  // namespace

Door get_door(Rtnl& host, const Result& result) {
    const Link link = get_link_of_container(host, result);
    if (link.master == 0) return {link.name, false};
    const auto master = host.find(link.master);
    if (master && master->is<Bridge>()) return {link.name, true};
    throw Error(Code::invalid_config,
                cat("interface ", quote(link.name), " of prevResult belongs to ",
                    master ? quote(master->name) : "another one", ", which is no bridge"),
                "\"ingress\", \"egress\" and \"gate\" need the host's nftables to see what passes");
}

}  // namespace cni::firewall
