#pragma once

#include <string>
#include <vector>

#include "packet.h"
#include "patient.h"

namespace cni::tool {

/// A container of a network, whose packets the rules are asked about.
struct Sample {
    const NetworkList* network;
    Packet outbound;  ///< begins a connection

    Family family() const { return outbound.family; }
    /// The interface of the host that leads to it.
    const std::string& interface() const { return outbound.in; }
    Packet answer() const {
        return {.family = family(),
                .in = outbound.out,
                .out = outbound.in,
                .destination = outbound.source,
                .is_answer = true};
    }
    Packet to_neighbour() const {
        return {
            .family = family(), .in = outbound.in, .out = outbound.in, .source = outbound.source};
    }
};

/// The first container of each network that the host forwards for: what the rules say of it they
/// mostly say of all.
std::vector<Sample> samples_of(const Patient& patient, Family family);

/// What comes from outside for an address of the host.
Packet arriving_packet(const Patient& patient, Family family);

}  // namespace cni::tool
