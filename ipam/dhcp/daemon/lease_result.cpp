#include "lease_result.h"

#include <linux/rtnetlink.h>

#include "../protocol/options4.h"
#include "base/contains.h"

namespace cni::dhcp {
namespace {

std::vector<std::string> texts_of(const std::vector<Ip>& ips) {
    std::vector<std::string> texts;
    for (const Ip& ip : ips) texts.push_back(ip.to_string());
    return texts;
}

template <typename T>
void append(std::vector<T>& whole, const std::vector<T>& part) {
    for (const T& each : part)
        if (!contains(whole, each)) whole.push_back(each);
}

}  // namespace

Result result_of(const Lease4& lease, std::int64_t priority) {
    Result result;
    result.ips = {{.address = lease.address, .gateway = gateway(lease.options), .interface = {}}};
    result.routes = routes(lease.options);
    for (Route& route : result.routes) {
        route.priority = priority;
        // Else it would be completed by the gateway.
        if (!route.gw) route.scope = RT_SCOPE_LINK;
    }
    result.dns.nameservers = texts_of(dns_servers(lease.options));
    result.dns.domain = domain_name(lease.options);
    result.dns.search = search_list(lease.options);
    return result;
}

Result result_of(const Lease6& lease, std::int64_t) {
    Result result;
    result.ips = {{.address = Prefix::host(lease.address), .gateway = {}, .interface = {}}};
    result.dns.nameservers = texts_of(dns_servers(lease.options));
    result.dns.search = search_list(lease.options);
    return result;
}

void append(Result& whole, const Result& part) {
    append(whole.ips, part.ips);
    append(whole.routes, part.routes);
    append(whole.dns.nameservers, part.dns.nameservers);
    append(whole.dns.search, part.dns.search);
    if (whole.dns.domain.empty()) whole.dns.domain = part.dns.domain;
}

}  // namespace cni::dhcp
