#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/mac.h"
#include "netlink/nl_socket.h"
#include "sys/netns.h"

namespace cni {

/// A network device as the kernel describes it.
struct Link {
    int index = 0;
    std::string name;
    std::string alias;  ///< a label for people, "" without (ip link set alias)
    std::string kind;   ///< "veth", "bridge", ...; empty for physical devices and lo
    Mac mac;
    std::uint32_t mtu = 0;            ///< bytes
    std::uint32_t flags = 0;          ///< IFF_*
    std::uint8_t operstate = 0;       ///< IF_OPER_* (linux/if.h)
    int peer_index = 0;               ///< of a veth: its peer's index in the peer's namespace
    bool has_peer_elsewhere = false;  ///< of a veth: its peer is in another namespace
    int peer_netnsid = -1;            ///< that namespace, as Rtnl::find_nsid has it; -1: unknown
    int master = 0;                   ///< index of the bridge or vrf it is a port of; 0 without
    std::uint32_t promiscuity = 0;
    std::uint32_t txqlen = 0;            ///< packets
    std::optional<bool> vlan_filtering;  ///< of a bridge
    std::uint16_t vlan_id = 0;           ///< of a VLAN interface; peer_index is its parent's then
    std::optional<bool> hairpin, isolated;  ///< of a bridge port

    bool is_up() const;
    bool is_operational() const;  ///< operstate "up"
};

/// A message of type RTM_NEWLINK as a Link.
Link parse_link(const nlmsghdr* message);

struct BridgeOptions {
    std::string name;
    Mac mac;
    std::uint32_t mtu = 0;  ///< bytes; 0: the kernel's choice
    bool vlan_filtering = false;
};

struct VethEnd {
    std::string name;
    Mac mac;
};
struct VethOptions {
    VethEnd host, container;
    std::string host_alias = {};             ///< label of the host end; "": none
    const Netns* container_netns = nullptr;  ///< where the container end is made; null: here
    int master = 0;         ///< index of the bridge the host end becomes a port of; 0: none
    std::uint32_t mtu = 0;  ///< bytes, both ends; 0: the kernel's choice
};

/// Requests for Rtnl::apply. Those that make something fail with EEXIST when the name is taken.
NlRequest add_bridge(const BridgeOptions& options);
/// Both ends, in place and down; the label is not part of it. One queue each, as veth had until
/// multi-queue became its default: a second queue costs two RCU waits per pair and serves only XDP
/// and threaded NAPI.
NlRequest add_veth(const VethOptions& options);
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
NlRequest set_vlan_filtering(const Link& bridge);
NlRequest set_master(const Link& link, const Link& master);
struct PortOptions {
    bool hairpin = false, isolated = false;
};
NlRequest set_port(const Link& port, const PortOptions& options);
/// Succeeds when the link is gone already.
NlRequest remove_link(const Link& link);

/// Links, addresses and routes of one network namespace.
class Rtnl : public NlSocket {
public:
    /// The calling thread's namespace.
    Rtnl();
    static Rtnl in(const Netns& netns);

    /// All in one system call, in this order; the first failure is thrown.
    template <typename... R>
    void apply(R... requests) {
        std::vector<NlRequest> list;
        (list.push_back(std::move(requests)), ...);
        transact(std::move(list));
    }

    std::optional<Link> find(const std::string& name);
    /// 0 is the index of none.
    std::optional<Link> find(int index);
    /// Those that are there, in one system call.
    std::vector<Link> find_all(const std::vector<std::string>& names);
    /// The number by which this namespace calls another one, in Link::peer_netnsid for instance;
    /// nullopt until it has shown something that is there.
    std::optional<int> find_nsid(const Netns& other);
    /// Throws NlError(ENODEV).
    Link get(const std::string& name);
    /// Makes the pair, labels it and returns its host end, whose peer_index is the container end's
    /// index.
    Link make_veth(const VethOptions& options);
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
};

}  // namespace cni
