#include "lease_result.h"

#include <linux/rtnetlink.h>

#include "../protocol/options4.h"

namespace cni::dhcp {

Result result_of(const Lease4& lease, std::int64_t priority) {
    Result result;
    result.ips = {{.address = lease.address, .gateway = gateway(lease.options), .interface = {}}};
    result.routes = routes(lease.options);
    for (Route& route : result.routes) {
        route.priority = priority;
        // Else it would be completed by the gateway.
        if (!route.gw) route.scope = RT_SCOPE_LINK;
    }
    for (const Ip& server : dns_servers(lease.options))
        result.dns.nameservers.push_back(server.to_string());
    result.dns.domain = domain_name(lease.options);
    result.dns.search = search_list(lease.options);
    return result;
}

}  // namespace cni::dhcp
