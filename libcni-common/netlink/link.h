#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/mac.h"
#include "netlink/kinds/kind.h"
#include "netlink/nl_socket.h"
#include "sys/netns.h"

namespace cni {

/// Another link that one belongs to (IFLA_LINK, IFLA_LINK_NETNSID).
struct RelatedLink {
    int index = 0;              ///< in its own namespace; 0: there is none
    bool is_elsewhere = false;  ///< in another namespace
    int netnsid = -1;           ///< that namespace, as Rtnl::find_nsid has it; -1: unknown
};

/// A network device as the kernel describes it.
struct Link {
    int index = 0;
    std::string name = {};
    std::string alias = {};  ///< a label for people, "" without (ip link set alias)
    LinkKind kind = {};
    Mac mac = {};
    LinkAddress address = {};    ///< the same as `mac` of Ethernet; of other types more or less
    std::uint32_t mtu = 0;       ///< bytes
    std::uint32_t flags = 0;     ///< IFF_*
    std::uint8_t operstate = 0;  ///< IF_OPER_* (linux/if.h)
    RelatedLink parent = {};     ///< what a VLAN, macvlan or ipvlan is on
    int master = 0;              ///< index of the bridge or vrf it is a port of; 0 without
    std::uint32_t promiscuity = 0;
    std::uint32_t group = 0;                     ///< a number of its administrator's; 0 by default
    std::uint32_t txqlen = 0;                    ///< packets
    std::optional<BridgePort> bridge_port = {};  ///< of a port of a bridge
    /// Bus and name of the device that it is the interface of, "pci/0000:00:1f.6"; "" of a virtual
    /// link, and before Linux 5.14.
    std::string hardware = {};
    LinkAddress permanent_address = {};  ///< what hardware was made with, if the driver says
    std::vector<std::string> alternative_names = {};
    /// The parameter accept_ra of IPv6: 0 where the link has no IPv6.
    std::int32_t accept_ra = 0;

    /// As results have it: `mac`, or what a link has that is no Ethernet; "" without one.
    std::string address_text() const;
    /// "0000:00:1f.6" of PCI hardware, else "".
    std::string pci_id() const;
    bool is_up() const;
    bool is_operational() const;  ///< operstate "up"

    /// Link::is<Veth>()
    template <typename Kind>
    bool is() const {
        return std::holds_alternative<Kind>(kind);
    }
    /// Its settings when it is of this kind, else null: link.as<Vlan>()->id.
    template <typename Kind>
    const Kind* as() const {
        return std::get_if<Kind>(&kind);
    }
    /// "veth", "bridge", ...; empty for physical devices and lo.
    std::string_view kind_name() const { return name_of(kind); }
    /// Of a veth, its other end. The kernel tells both in the same attributes.
    const RelatedLink& peer() const { return parent; }
};

/// A message of type RTM_NEWLINK as a Link.
Link parse_link(const nlmsghdr* message);

/// A link to be made.
struct NewLink {
    std::string name = {};
    int index = 0;                 ///< 0: the kernel's choice
    std::optional<Mac> mac = {};   ///< nullopt: the kernel draws one
    std::uint32_t mtu = 0;         ///< bytes; 0: the kernel's choice
    const Netns* netns = nullptr;  ///< where it is made; null: where the request is sent
    /// Index of what it is on, 0: nothing; in the namespace where the request is sent, whatever
    /// `netns` is, unless `parent_netnsid` says in which: by the number that `netns` has for it
    /// (Rtnl::find_nsid of a socket in there).
    int parent = 0;
    std::optional<int> parent_netnsid = {};
    int master = 0;          ///< index, in `netns`, of the bridge or vrf it becomes a port of
    std::string alias = {};  ///< for Rtnl::make_link; "": none
    NewKind kind = Dummy{};
};

/// Requests for Rtnl::apply. Those that make something fail with EEXIST when the name is taken.

/// The link in its place, and down. The alias is not part of it.
NlRequest add_link(const NewLink& link);
NlRequest get_link(const std::string& name);
NlRequest set_up(const Link& link);
NlRequest set_down(const Link& link);
NlRequest set_promiscuous(const Link& link);
/// One of IFF_*, on or off.
NlRequest set_flag(const Link& link, unsigned flag, bool on);
NlRequest set_txqlen(const Link& link, std::uint32_t packets);
NlRequest set_mtu(const Link& link, std::uint32_t mtu);
/// The address is kept from then on: neither a port of a bridge nor udev changes it.
NlRequest set_mac(const Link& link, const Mac& mac);
/// Sets the MAC that the link has: the kernel then tells the neighbours of all its addresses, as
/// the parameters arp_notify and ndisc_notify ask for.
NlRequest announce(const Link& link);
/// "" removes it.
NlRequest set_alias(const Link& link, const std::string& alias);
/// An address as the type of the link has them.
NlRequest set_address(const Link& link, const LinkAddress& address);
/// Before Linux 6.2 only while it is down.
NlRequest rename_link(const Link& link, const std::string& name);
/// Since Linux 5.5, and up to 127 characters; EEXIST when some link of the namespace has it.
NlRequest add_alternative_name(const Link& link, const std::string& name);
NlRequest remove_alternative_name(const Link& link, const std::string& name);
/// To another namespace, which must stay open, under another name. It is down there, and without
/// addresses. The kernel moves it first and renames it then, unless the name it has is taken there:
/// who watches that namespace sees both.
NlRequest move_link(const Link& link, const Netns& to, const std::string& name);
NlRequest set_vlan_filtering(const Link& bridge);
NlRequest set_master(const Link& link, const Link& master);
NlRequest set_bridge_port(const Link& port, const BridgePort& settings);
NlRequest set_group(const Link& link, std::uint32_t group);
/// Succeeds when the link is gone already.
NlRequest remove_link(const Link& link);
/// All of a group at once, which is not 0. The kernel waits once for all of them, where it waits
/// for each of those that are removed one by one. Succeeds when there are none, or where the kernel
/// knows no such request (before Linux 4.1).
NlRequest remove_group(std::uint32_t group);

/// Links, addresses and routes of one network namespace.
class Rtnl : public NlSocket {
public:
    /// The calling thread's namespace.
    explicit Rtnl(Use use = Use::anything);
    static Rtnl in(const Netns& netns);

    /// All in one system call, in this order; the first failure is thrown.
    template <typename... R>
    void apply(R... requests) {
        std::vector<NlRequest> list;
        (list.push_back(std::move(requests)), ...);
        transact(list);
    }

    /// One request, and how the link of that name is afterwards, in one system call. Throws
    /// NlError(ENODEV) when there is none.
    Link apply_and_get(NlRequest request, const std::string& name);

    /// By its name, or an alternative one.
    std::optional<Link> find(const std::string& name);
    /// 0 is the index of none.
    std::optional<Link> find(int index);
    /// Those that are there, in one system call.
    std::vector<Link> find_all(const std::vector<std::string>& names);
    /// The number by which this namespace calls another one, in Link::parent for instance;
    /// nullopt until it has shown something that is there.
    std::optional<int> find_nsid(const Netns& other);
    /// The same; it gets one when it has none yet.
    int get_nsid(const Netns& other);
    /// The same of the namespace that this one calls `nsid`, as the one called `target` has it.
    std::optional<int> translate_nsid(int nsid, int target);
    /// The first in the order of the kernel. Costs the more the more links there are.
    std::optional<Link> find(const LinkAddress& address);
    /// Throws NlError(ENODEV).
    Link get(const std::string& name);
    /// Makes a link in this namespace (`netns` is null), labels it and returns it.
    Link make_link(const NewLink& link);
    /// The ports of a bridge (or vrf).
    std::vector<Link> ports(const Link& master);
    /// Every link here. Costs the more the more there are.
    std::vector<Link> links();
    /// Every veth here. Costs the more the more there are: for GC.
    std::vector<Link> veths();

private:
    template <typename Put, typename Predicate>
    std::vector<Link> list(const std::string& what, Put put, Predicate wanted);
    std::optional<Link> find(NlMessage query, const std::string& what);
    std::optional<int> find_nsid(const NlRequest& query);
};

}  // namespace cni
