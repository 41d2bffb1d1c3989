#pragma once

#include <set>
#include <vector>

#include "net/route.h"
#include "netlink/link.h"
#include "parking_label.h"

/// Where routes of an interface are while it changes its routing domain: the kernel drops them all
/// then. A process that is killed meanwhile leaves them there for the next one.
///
/// They are routes through the VRF device, in tables of numbers that nobody has a rule for. Which
/// interface and table a route is of is said by a label of such a number (parking_label.h), and
/// what the kernel would not take through another device: its source address, and its gateway where
/// that is IPv6.
///
/// Where there are no labels (before Linux 5.5, or when there are too many) the number says the
/// interface and the table, which it cannot of high ones. docs/plugins/vrf.md says what is not
/// kept.
namespace cni::vrf {

/// That of one interface. Neither copied nor moved.
class Parking {
public:
    Parking(Rtnl& rtnl, const Link& vrf, const Link& port);
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    /// Neither routes nor labels are there.
    bool is_empty() const { return routes_.empty() && own_labels().empty(); }
    /// Those that were there at the beginning. `table` of each is where it was, or main for the
    /// VRF's.
    const std::vector<Route>& routes() const { return routes_; }
    /// Puts what can be kept. What is there already is there once.
    void park(const std::vector<Route>& routes);
    void clear();

private:
    std::vector<ParkingLabel> own_labels() const;
    void add_labels(const std::vector<Route>& routes);
    NlRequest parking_of(const Route& route) const;

    Rtnl& rtnl_;
    Link vrf_;
    const Link& port_;
    std::vector<ParkingLabel> labels_;  ///< those of the VRF
    std::vector<Route> routes_;
};

/// Whether there is a label of one of these interfaces, as long as routes of one are parked.
bool has_parked(const Link& vrf, const std::set<int>& ports);

}  // namespace cni::vrf
