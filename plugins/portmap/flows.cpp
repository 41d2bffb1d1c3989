#include "flows.h"

#include <algorithm>
#include <map>
#include <set>

#include "netfilter/conntrack.h"
#include "netlink/route.h"

namespace cni::portmap {
namespace {

using Key = std::pair<Family, std::uint8_t>;

/// By what is asked for in one pass.
std::map<Key, std::vector<Forwarded>> connectionless(const std::vector<Forwarded>& mappings) {
    std::map<Key, std::vector<Forwarded>> out;
    for (const Forwarded& m : mappings)
        if (m.protocol != IPPROTO_TCP) out[{m.container_ip.family(), m.protocol}].push_back(m);
    return out;
}

std::set<std::uint16_t> ports_of(const std::vector<Forwarded>& mappings) {
    std::set<std::uint16_t> out;
    for (const Forwarded& m : mappings) out.insert(m.host_port);
    return out;
}

bool is_for(const Flow& flow, const Forwarded& mapping) {
    return flow.port == mapping.host_port &&
           (!mapping.host_ip || *mapping.host_ip == flow.destination);
}

bool any_is_for(const Flow& flow, const std::vector<Forwarded>& mappings) {
    return std::ranges::any_of(mappings, [&](const Forwarded& m) { return is_for(flow, m); });
}

bool any_leads(const Flow& flow, const std::vector<Forwarded>& mappings) {
    return std::ranges::any_of(mappings, [&](const Forwarded& m) {
        return is_for(flow, m) && flow.answers_from == m.container_ip &&
               flow.answering_port == m.container_port;
    });
}

template <typename F>
void forget(const std::vector<Forwarded>& mappings, F&& is_stale) {
    const auto groups = connectionless(mappings);
    if (groups.empty()) return;
    Conntrack conntrack;
    for (const auto& [key, its] : groups)
        conntrack.remove(key.first, key.second, ports_of(its),
                         [&, &group = its](const Flow& flow) { return is_stale(flow, group); });
}

/// Asks the kernel once for each address.
class LocalAddresses {
public:
    explicit LocalAddresses(Rtnl& host) : host_(host) {}
    bool contains(const Ip& ip) {
        const auto [known, is_new] = known_.try_emplace(ip, false);
        if (is_new) known->second = is_local(host_, ip);
        return known->second;
    }

private:
    Rtnl& host_;
    std::map<Ip, bool> known_;
};

}  // namespace

void forget_flows_elsewhere(Rtnl& host, const std::vector<Forwarded>& added) {
    LocalAddresses local(host);
    forget(added, [&](const Flow& flow, const std::vector<Forwarded>& its) {
        return any_is_for(flow, its) && !any_leads(flow, its) && local.contains(flow.destination);
    });
}

void forget_flows_through(const std::vector<Forwarded>& removed) {
    forget(removed, any_leads);
}

}  // namespace cni::portmap
