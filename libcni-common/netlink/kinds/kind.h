#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "netlink/kinds/bridge.h"
#include "netlink/kinds/dummy.h"
#include "netlink/kinds/ifb.h"
#include "netlink/kinds/ipvlan.h"
#include "netlink/kinds/macvlan.h"
#include "netlink/kinds/tun.h"
#include "netlink/kinds/veth.h"
#include "netlink/kinds/vlan.h"
#include "netlink/kinds/vrf.h"

namespace cni {

/// The kinds of links: each is a value with
///
///   name                    what the kernel calls it (IFLA_INFO_KIND)
///   put(message)            puts its settings (IFLA_INFO_DATA), where it has any
///   parse(settings)         reads them back; null where the kernel told none
///
/// A new one is a file here, and a place in one of these two lists.
using NewKind = std::variant<Dummy, Veth, Bridge, Macvlan, Ipvlan, Vlan, Vrf, Ifb>;

/// Any other; without a name where the kernel tells none, as of physical interfaces and of lo.
struct OtherKind {
    std::string name = {};
    bool operator==(const OtherKind&) const = default;
};
using LinkKind = std::variant<OtherKind, Dummy, Veth, Bridge, Macvlan, Ipvlan, Vlan, Vrf, Ifb, Tun>;

/// The nest IFLA_LINKINFO of a link, for a message that makes or changes one.
void put_kind(NlMessage& message, const NewKind& kind);
/// `settings` is IFLA_INFO_DATA, or null.
LinkKind parse_kind(std::string_view name, const nlattr* settings);

template <typename... Kinds>
std::string_view name_of(const std::variant<Kinds...>& kind) {
    return std::visit([](const auto& its) { return std::string_view(its.name); }, kind);
}

}  // namespace cni
