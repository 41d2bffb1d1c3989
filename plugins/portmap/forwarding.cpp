#include "forwarding.h"

#include <set>
#include <tuple>

namespace cni::portmap {

std::vector<Forwarded> forwarded_by(const Forwarding& forwarding) {
    std::vector<Forwarded> out;
    std::set<std::tuple<std::uint8_t, std::optional<Ip>, std::uint16_t>> claimed;
    for (const Mapping& m : forwarding.mappings)
        if (m.applies_to(forwarding.family()) &&
            claimed.emplace(m.protocol, m.destination(), m.host_port).second)
            out.push_back({m.protocol, m.destination(), m.host_port, forwarding.container.ip,
                           m.container_port});
    return out;
}

}  // namespace cni::portmap
