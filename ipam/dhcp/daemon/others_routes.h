#pragma once

#include <optional>
#include <vector>

#include "container/container.h"
#include "net/route.h"
#include "netlink/link.h"

namespace cni::dhcp {

/// Routes of IPv4 by an interface that somebody else has made: the kernel removes them with the
/// address that they need. What is done for them is bounded: a container makes as many as it likes.
class OthersRoutes {
public:
    /// Notes those that there are now, besides `ours` and the kernel's. They must outlive it.
    OthersRoutes(Container& container, const Link& link, const std::vector<Route>& ours);
    /// Puts back those that are gone by now. What cannot be, or is of too many, is one line of the
    /// log.
    void put_back();

private:
    Container& container_;
    const Link& link_;
    std::optional<std::vector<Route>> routes_;  ///< nullopt: too many
};

/// Whether a route has destination, gateway and metric of one of the others.
class Ways {
public:
    explicit Ways(const std::vector<Route>& routes);
    bool has(const Route& route) const;

private:
    struct Way {
        Prefix dst;
        std::optional<Ip> gw;
        std::int64_t priority;
        auto operator<=>(const Way&) const = default;
    };
    static Way way_of(const Route& route) { return {route.dst, route.gw, route.priority}; }
    std::vector<Way> sorted_;
};

}  // namespace cni::dhcp
