#include "attach/parent.h"

#include "attach/check.h"
#include "base/warn.h"
#include "netlink/route.h"

namespace cni {
namespace {

std::optional<Link> find(Rtnl& rtnl, const ParentChoice& choice) {
    if (!choice.name.empty()) return rtnl.find(choice.name);
    for (const Family family : both_families)
        if (auto link = rtnl.find(first_default_link(rtnl, family).value_or(0))) return link;
    return {};
}

Error missing(Code code, const ParentChoice& choice) {
    const std::string_view place = choice.in_container ? "the container" : "the host";
    if (choice.name.empty())
        return Error(code, "no default route interface found",
                     cat("without \"master\" the interface of the first default route of ", place,
                         " is the master: name one"));
    return Error(code, cat("failed to lookup master ", quote(choice.name), ": Link not found"),
                 cat("there is no such interface ", choice.in_container ? "in " : "on ", place));
}

// What is made on a macvlan, or on an ipvlan, of its own kind becomes a child of that one's parent:
// macvlan_common_newlink(), ipvlan_link_new() in drivers/net.
bool is_beside(const Link& interface, const Link& parent) {
    return interface.kind_name() == parent.kind_name() &&
           (interface.is<Macvlan>() || interface.is<Ipvlan>());
}

// By index and namespace, as the container's namespace calls them.
bool is_on(const Link& interface, const Link& parent, bool parent_is_here, Rtnl& container) {
    const bool beside = is_beside(interface, parent);
    const RelatedLink wanted = beside ? parent.parent : RelatedLink{.index = parent.index};
    const RelatedLink& actual = interface.parent;
    if (actual.index != wanted.index) return false;
    if (parent_is_here)
        return actual.is_elsewhere == wanted.is_elsewhere && actual.netnsid == wanted.netnsid;
    // What the host calls a third namespace is nothing that the container knows.
    if (wanted.is_elsewhere) return actual.is_elsewhere;
    return actual.is_elsewhere && actual.netnsid >= 0 &&
           container.find_nsid(Netns::current()) == actual.netnsid;
}

std::string describe_parent(const Link& interface, Rtnl& host, Rtnl& container) {
    const RelatedLink& parent = interface.parent;
    if (parent.index == 0) return "nothing";
    const bool is_on_host =
        parent.is_elsewhere && container.find_nsid(Netns::current()) == parent.netnsid;
    const auto link = is_on_host            ? host.find(parent.index)
                      : parent.is_elsewhere ? std::nullopt
                                            : container.find(parent.index);
    if (!link) return "an interface of another namespace";
    return cat(link->name, is_on_host ? "" : " in the container");
}

}  // namespace

Link get_parent(const ParentChoice& choice, Rtnl& place) {
    if (auto link = find(place, choice)) return *link;
    throw missing(Code::internal, choice);
}

Parent::Parent(const ParentChoice& choice, Rtnl& host, Container& container)
    : rtnl(choice.in_container ? container.rtnl : host), link(get_parent(choice, rtnl)) {}

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

void warn_if_down(const Link& parent) {
    if (!parent.is_up())
        warn({"master ", parent.name, " is down: what is on it carries nothing until it is up"});
}

void require_up(const Link& parent, Code code) {
    if (!parent.is_up())
        throw Error(code, cat("master ", parent.name, " is down"),
                    cat("bring it up: ip link set ", parent.name, " up"));
}

void check_parent(const Link& interface, const ParentChoice& choice, Rtnl& host,
                  Container& container) {
    const Parent wanted(choice, host, container);
    const bool is_here = choice.in_container || container.netns.is_same(Netns::current());
    if (is_on(interface, wanted.link, is_here, container.rtnl)) return;
    throw check_failure(cat("interface ", interface.name, " is on ",
                            describe_parent(interface, host, container.rtnl), " instead of ",
                            wanted.link.name));
}

void require_parent(const ParentChoice& choice, std::uint32_t mtu) {
    if (choice.in_container) return;
    Rtnl host;
    const auto parent = find(host, choice);
    if (!parent) throw missing(Code::plugin_not_available, choice);
    require_up(*parent, Code::plugin_not_available);
    require_mtu_within(*parent, mtu);
}

void require_mtu_within(const Link& parent, std::uint32_t mtu) {
    if (mtu > parent.mtu)
        throw Error(Code::invalid_config,
                    cat("invalid MTU ", mtu, ", must be [0, master MTU(", parent.mtu, ")]"),
                    cat("the master is ", parent.name));
}

}  // namespace cni
