#include "forwarding.h"

#include <algorithm>
#include <set>

namespace cni::portmap {

bool Forwarding::empty() const {
    return std::ranges::none_of(mappings, [&](const Mapping& m) { return m.applies_to(family()); });
}

Translations Forwarding::translations() const {
    Translations out;
    std::set<HostPort> claimed;
    for (const Mapping& m : mappings) {
        const HostPort from{m.protocol, m.destination(), m.host_port};
        if (m.applies_to(family()) && claimed.insert(from).second)
            out.push_back({from, container.ip, m.container_port});
    }
    return out;
}

std::vector<Prefix> Forwarding::masqueraded_sources() const {
    if (!snat) return {};
    if (masq_all) return {Prefix::everything(family())};
    std::vector<Prefix> out{container.network()};
    if (family() == Family::v4) out.push_back(Prefix::host(*Ip::parse("127.0.0.1")));
    return out;
}

}  // namespace cni::portmap
