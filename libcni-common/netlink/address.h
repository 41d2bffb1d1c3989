#pragma once

#include <vector>

#include "net/ip.h"
#include "netlink/link.h"

namespace cni {

struct Address {
    Prefix prefix;
    int link = 0;             ///< index
    bool permanent = true;    ///< given without a lifetime
    bool tentative = false;   ///< duplicate address detection still runs
    bool dad_failed = false;  ///< another host has the address
};

/// IPv6 duplicate address detection: off makes an address usable at once.
enum class Dad { off, on };

/// Whether the kernel makes a route to an address's subnet through its link.
enum class SubnetRoute { add, omit };

/// Scope global, IPv4 broadcast set below /31. EEXIST when the link has it.
NlRequest add_address(const Link& link, const Prefix& prefix, Dad dad,
                      SubnetRoute subnet_route = SubnetRoute::add);
/// Succeeds when the link has it already.
NlRequest ensure_address(const Link& link, const Prefix& prefix, Dad dad);
/// Succeeds when it is gone already.
NlRequest remove_address(const Link& link, const Prefix& prefix);

/// Of this link only, in the kernel's order; without a family, of both.
std::vector<Address> addresses(Rtnl& rtnl, const Link& link);
std::vector<Address> addresses(Rtnl& rtnl, const Link& link, Family family);
/// A link and its addresses of both families.
struct LinkWithAddresses {
    Link link;
    std::vector<Address> addresses;
};
/// In one question, for who has many to ask: the kernel may list all addresses of the namespace.
std::optional<LinkWithAddresses> find_with_addresses(Rtnl& rtnl, const std::string& name);
/// Of both families, of all links of the namespace except this one.
std::vector<Address> addresses_besides(Rtnl& rtnl, const std::optional<Link>& link);

}  // namespace cni
