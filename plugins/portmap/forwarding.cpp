#include "forwarding.h"

namespace cni::portmap {

std::vector<Forwarded> forwarded_by(const Forwarding& forwarding) {
    std::vector<Forwarded> out;
    HostPorts claimed;
    for (const Mapping& m : forwarding.mappings)
        if (m.applies_to(forwarding.family()) &&
            claimed.emplace(m.protocol, m.destination(), m.host_port).second)
            out.push_back({m.protocol, m.destination(), m.host_port, forwarding.container.ip,
                           m.container_port});
    return out;
}

}  // namespace cni::portmap
