#include "flows.h"

#include <algorithm>
#include <map>
#include <set>

#include "netfilter/conntrack.h"
#include "netlink/route.h"
#include "nftables/backend.h"

namespace cni::portmap {
namespace {

using Key = std::pair<Family, std::uint8_t>;

/// By what is asked for in one pass.
std::map<Key, Translations> connectionless(const Translations& mappings) {
    std::map<Key, Translations> out;
    for (const Translation& m : mappings)
        if (m.from.protocol != IPPROTO_TCP) out[{m.to.family(), m.from.protocol}].push_back(m);
    return out;
}

/// Mappings of one protocol and family, to be found by the port.
class ByPort {
public:
    explicit ByPort(const Translations& mappings) {
        for (const Translation& m : mappings) mappings_.emplace(m.from.port, m);
    }
    std::set<std::uint16_t> ports() const {
        std::set<std::uint16_t> out;
        for (const auto& [port, mapping] : mappings_) out.insert(out.end(), port);
        return out;
    }
    bool any_is_for(const Flow& flow) const {
        return any(flow, [](const Translation&) { return true; });
    }
    /// Also where it goes to.
    bool any_leads(const Flow& flow) const {
        return any(flow, [&](const Translation& m) {
            return flow.answers_from == m.to && flow.answering_port == m.to_port;
        });
    }

private:
    template <typename F>
    bool any(const Flow& flow, F&& passes) const {
        const auto [begin, end] = mappings_.equal_range(flow.port);
        return std::any_of(begin, end, [&](const auto& entry) {
            const Translation& m = entry.second;
            return (!m.from.ip || *m.from.ip == flow.destination) && passes(m);
        });
    }
    std::multimap<std::uint16_t, Translation> mappings_;
};

template <typename F>
void forget(nft::Connection& nft, const Translations& mappings, F&& is_stale) {
    const auto groups = connectionless(mappings);
    if (groups.empty()) return;
    Conntrack conntrack(nft);
    for (const auto& [key, its] : groups) {
        const ByPort group(its);
        conntrack.remove(key.first, key.second, group.ports(),
                         [&](const Flow& flow) { return is_stale(flow, group); });
    }
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

void forget_flows_elsewhere(Rtnl& host, nft::Connection& nft, const Translations& added,
                            const Translations& ahead) {
    LocalAddresses local(host);
    std::map<Key, ByPort> rivals;
    for (const auto& [key, its] : connectionless(ahead)) rivals.emplace(key, its);
    const auto leads_through_rival = [&](const Flow& flow) {
        const auto its = rivals.find({flow.destination.family(), flow.protocol});
        return its != rivals.end() && its->second.any_leads(flow);
    };
    forget(nft, added, [&](const Flow& flow, const ByPort& its) {
        return its.any_is_for(flow) && !its.any_leads(flow) && local.contains(flow.destination) &&
               !leads_through_rival(flow) && !nftables::is_mapped(nft, flow);
    });
}

void forget_flows_through(nft::Connection& nft, const Translations& removed) {
    forget(nft, removed, [](const Flow& flow, const ByPort& its) { return its.any_leads(flow); });
}

}  // namespace cni::portmap
