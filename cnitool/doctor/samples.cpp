#include "samples.h"

#include <algorithm>

#include "netlink/address.h"
#include "netlink/route.h"

namespace cni::tool {
namespace {

std::optional<Packet> packet_of(const NodeAttachment& one, Family family) {
    if (!one.host_link) return {};
    for (const Prefix& address : one.link_addresses)
        if (address.ip.family() == family && address.ip.is_global_unicast())
            return Packet{.family = family,
                          .in = one.bridge.empty() ? one.host_link->name : one.bridge,
                          .source = address.ip};
    return {};
}

const Link* find_uplink(const Patient& patient, Family family) {
    Rtnl host;
    const auto index = first_default_link(host, family);
    const auto found = std::ranges::find(patient.node.links, index.value_or(0), &Link::index);
    return index && found != patient.node.links.end() ? &*found : nullptr;
}

}  // namespace

std::vector<Sample> samples_of(const Patient& patient, Family family) {
    std::vector<Sample> samples;
    const Link* uplink = find_uplink(patient, family);
    for (const NetworkList& network : patient.networks) {
        if (!routes_through_host(network)) continue;
        for (const NodeAttachment& one : patient.node.list) {
            auto packet = one.network == network.name ? packet_of(one, family) : std::nullopt;
            if (!packet) continue;
            if (uplink) packet->out = uplink->name;
            samples.push_back({&network, *std::move(packet)});
            break;
        }
    }
    return samples;
}

Packet arriving_packet(const Patient& patient, Family family) {
    Packet packet{.family = family, .is_for_host = true};
    const Link* uplink = find_uplink(patient, family);
    if (!uplink) return packet;
    packet.in = uplink->name;
    Rtnl host;
    for (const Address& address : addresses(host, *uplink, family))
        if (!packet.destination && address.prefix.ip.is_global_unicast())
            packet.destination = address.prefix.ip;
    return packet;
}

}  // namespace cni::tool
