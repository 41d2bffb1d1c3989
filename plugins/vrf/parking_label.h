#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/ip.h"

namespace cni::vrf {

/// Where routes are from that are parked in a table: one of the alternative names of the VRF device
/// (Linux 5.5), which lasts as long as the device does.
struct ParkingLabel {
    /// Index of the VRF: a namespace has an alternative name once.
    int vrf = 0;
    int slot = 0;   ///< that the routes are in, counted for each VRF: 0 to 65535
    int port = 0;   ///< index of the interface
    int table = 0;  ///< as in Route
    std::optional<Ip> source = {}, gateway = {};

    bool operator==(const ParkingLabel&) const = default;
    /// "cnixx-7-0-2-4000000000-fd88__2-fd88__1", without what is not there: 127 characters at most,
    /// which the kernel takes.
    std::string print() const;
    /// nullopt for what print() writes for nobody.
    static std::optional<ParkingLabel> parse(std::string_view name);
};

}  // namespace cni::vrf
