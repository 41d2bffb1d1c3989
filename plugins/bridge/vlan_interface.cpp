#include "vlan_interface.h"

#include <algorithm>

#include "attach/configure.h"
#include "attach/forwarding.h"

namespace cni::bridge {
namespace {

/// Why an interface is not the bridge's on its VLAN ("" when it is), and what makes it so again, if
/// anything does.
struct Finding {
    std::string problem = {};
    std::vector<NlRequest> repair = {};
};

std::optional<PortVlan> find_vlan(Rtnl& host, const Link& port, std::uint16_t id) {
    const auto all = vlans(host, port);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const PortVlan& vlan) { return vlan.id == id; });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

// Of a pair that this plugin makes, as the reference plugin does: "veth" and 8 hex digits.
bool is_ports_name(const std::string& name) {
    constexpr std::string_view start = "veth";
    return name.size() == start.size() + 8 && name.starts_with(start) &&
           name.find_first_not_of("0123456789abcdef", start.size()) == name.npos;
}

std::vector<NlRequest> connect(const Link& interface, const Link& port, const Link& bridge,
                               const PortVlan& vlan) {
    std::vector<NlRequest> requests;
    if (port.master == 0) requests.push_back(set_master(port, bridge));
    requests.push_back(remove_all_vlans(port));
    requests.push_back(add_vlans(port, {vlan}));
    requests.push_back(set_up(port));
    requests.push_back(set_up(interface));
    return requests;
}

// Up comes last: an interface that is down is one that nobody finished.
Finding look_at_pair(Rtnl& host, const Link& interface, const Link& bridge, std::uint16_t id) {
    const RelatedLink& peer = interface.peer();
    const auto port = peer.is_elsewhere ? std::nullopt : host.find(peer.index);
    if (!port || port->peer().index != interface.index || port->peer().is_elsewhere)
        return {.problem = "the other end of its pair is not on the host"};
    if (port->master != 0 && port->master != bridge.index)
        return {.problem = cat("the other end of its pair, ", port->name,
                               ", is a port of another bridge")};
    if (port->master == 0 && !is_ports_name(port->name))
        return {.problem = cat("the other end of its pair, ", port->name, ", is not a port of it")};
    const PortVlan wanted{id, true, true};
    Finding finding{.repair = connect(interface, *port, bridge, wanted)};
    if (port->master == 0)
        finding.problem = cat("the other end of its pair, ", port->name, ", is not a port of it");
    else if (find_vlan(host, *port, id) != wanted)
        finding.problem = cat("port ", port->name, " does not carry VLAN ", id, " untagged");
    else if (!port->is_up() || !interface.is_up())
        finding.problem = cat(interface.is_up() ? port->name : interface.name, " is down");
    return finding;
}

// Made by hand. Frames reach it with their tag, which they keep where the bridge itself is a tagged
// member of the VLAN.
Finding look_at_vlan(Rtnl& host, const Link& interface, const Link& bridge, std::uint16_t id) {
    if (interface.parent.index != bridge.index || interface.parent.is_elsewhere)
        return {.problem = "it is a VLAN interface of something else"};
    const auto its_id = interface.as<Vlan>()->id;
    if (its_id != id) return {.problem = cat("it is of VLAN ", its_id)};
    const auto own = find_vlan(host, bridge, id);
    if (own && (own->untagged || own->pvid))
        return {.problem = cat("the bridge is an untagged member of VLAN ", id)};
    Finding finding;
    if (!own) finding.repair.push_back(add_own_vlan(bridge, id));
    if (!interface.is_up()) finding.repair.push_back(set_up(interface));
    if (!own)
        finding.problem = cat("the bridge itself is not a member of VLAN ", id);
    else if (!interface.is_up())
        finding.problem = cat(interface.name, " is down");
    return finding;
}

Finding look_at(Rtnl& host, const Link& interface, const Link& bridge, std::uint16_t id) {
    if (interface.is<Veth>()) return look_at_pair(host, interface, bridge, id);
    if (interface.is<Vlan>()) return look_at_vlan(host, interface, bridge, id);
    return {.problem = cat("it is of kind ", quote(interface.kind_name()))};
}

Error leads_elsewhere(const Link& interface, const Link& bridge, const Config& config,
                      const Finding& finding) {
    return Error(Code::internal,
                 cat("interface ", quote(interface.name), " does not lead to VLAN ", config.vlan,
                     " of bridge ", quote(bridge.name), ": ", finding.problem),
                 "delete or rename it: the next ADD makes one");
}

NlRequest make_pair(const Config& config, const Link& bridge) {
    const Mac port_mac = Mac::random();
    std::string port_name = port_mac.to_string();
    std::erase(port_name, ':');
    NlRequest request = add_link({.name = cat("veth", port_name.substr(4)),
                                  .mac = port_mac,
                                  .mtu = bridge.mtu,
                                  .master = bridge.index,
                                  .kind = Veth{.peer = {.name = vlan_interface_name(config),
                                                        .mac = Mac::random(),
                                                        .mtu = bridge.mtu}}});
    request.tolerated = EEXIST;  // another ADD was faster
    return request;
}

}  // namespace

std::string vlan_interface_name(const Config& config) {
    std::string name = cat(config.bridge, ".", config.vlan);
    if (!is_ifname(name))
        throw Error(Code::invalid_config, cat("interface name ", quote(name), " is too long"),
                    "a gateway with \"vlan\" needs a shorter \"bridge\" name");
    return name;
}

Link ensure_vlan_interface(Rtnl& host, const Config& config, const Link& bridge) {
    const std::string name = vlan_interface_name(config);
    auto interface = host.find(name);
    if (!interface) {
        host.apply(make_pair(config, bridge));
        interface = host.get(name);
    }
    Finding finding = look_at(host, *interface, bridge, config.vlan);
    refuse_router_advertisements_unless_used(host, *interface);
    if (finding.problem.empty()) return *interface;
    if (finding.repair.empty()) throw leads_elsewhere(*interface, bridge, config, finding);
    if (interface->is<Veth>()) {
        const auto port = host.find(interface->peer().index);
        if (port) refuse_router_advertisements(port->name);
        // As the bridge itself where that is the gateway.
        if (!interface->is_up()) set_dad(interface->name, config.dad);
    }
    host.transact(finding.repair);
    // Asking for both makes the kernel take notice of their carriers: they forward from now on.
    if (interface->is<Veth>()) host.find(interface->peer().index);
    return host.get(name);
}

Link get_vlan_interface(Rtnl& host, const Config& config, const Link& bridge) {
    const auto interface = host.find(vlan_interface_name(config));
    if (!interface)
        throw Error(Code::internal,
                    cat("Interface name ", vlan_interface_name(config), " not found"),
                    "the gateway's address is to be on it");
    const Finding finding = look_at(host, *interface, bridge, config.vlan);
    if (!finding.problem.empty()) throw leads_elsewhere(*interface, bridge, config, finding);
    return *interface;
}

}  // namespace cni::bridge
