#include "attach/parent.h"

#include "netlink/route.h"

namespace cni {
namespace {

Error no_default_route(const ParentChoice& choice) {
    return Error(
        Code::internal, "no default route interface found",
        cat("without \"master\" the interface of the first default route ",
            choice.in_container ? "of the container" : "of the host", " is the master: name one"));
}

Link find_by_route(Rtnl& rtnl, const ParentChoice& choice) {
    for (const Family family : both_families)
        if (const auto link = rtnl.find(first_default_link(rtnl, family).value_or(0))) return *link;
    throw no_default_route(choice);
}

Link find(Rtnl& rtnl, const ParentChoice& choice) {
    if (choice.name.empty()) return find_by_route(rtnl, choice);
    if (auto link = rtnl.find(choice.name)) return *link;
    throw Error(Code::internal,
                cat("failed to lookup master ", quote(choice.name), ": Link not found"),
                cat("there is no such interface ",
                    choice.in_container ? "in the container" : "on the host"));
}

}  // namespace

ParentChoice parse_parent(const Json& config) {
    ParentChoice choice{.name = config.string_or("master", ""),
                        .in_container = config.bool_or("linkInContainer", false)};
    if (!choice.name.empty() && !is_ifname(choice.name))
        throw ConfigError(*config.find("master"),
                          cat("invalid interface name ", quote(choice.name)),
                          "\"master\" needs 1 to 15 bytes without \"/\", \":\" or white space");
    return choice;
}

Parent::Parent(const ParentChoice& choice, Rtnl& host, Container& container)
    : rtnl(choice.in_container ? container.rtnl : host), link(find(rtnl, choice)) {}

std::string chained_parent(const Result& prev_result) {
    std::string name;
    int named = 0;
    for (const Interface& interface : prev_result.interfaces) {
        if (interface.name.empty()) continue;
        name = interface.name;
        ++named;
    }
    if (named == 1) return name;
    throw Error(Code::invalid_config,
                "chained master failure. PrevResult lacks a single named interface",
                cat("it names ", named, ": say which with \"master\""));
}

void require_mtu_within(const Link& parent, std::uint32_t mtu) {
    if (mtu > parent.mtu)
        throw Error(Code::invalid_config,
                    cat("invalid MTU ", mtu, ", must be [0, master MTU(", parent.mtu, ")]"),
                    cat("the master is ", parent.name));
}

}  // namespace cni
