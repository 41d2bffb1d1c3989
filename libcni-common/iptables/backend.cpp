#include "iptables/backend.h"

#include <fcntl.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>

#include <bit>

#include "base/fd.h"
#include "base/file.h"
#include "iptables/nft_base_chains.h"

namespace cni {
namespace {

/// The two interfaces of the legacy tables: same structures, other numbers.
struct LegacyInterface {
    int domain;
    int level;
    int get_info;
    const char* names;  ///< lists the tables that are loaded
};
constexpr LegacyInterface legacy_interfaces[] = {
    {AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, "/proc/thread-self/net/ip_tables_names"},
    {AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, "/proc/thread-self/net/ip6_tables_names"}};
static_assert(sizeof(ipt_getinfo) == sizeof(ip6t_getinfo));

/// Of a table without rules and chains: the policy of each hook, and the end.
unsigned built_in_entries(const ipt_getinfo& table) {
    return static_cast<unsigned>(std::popcount(table.valid_hooks)) + 1;
}

bool is_table_in_use(const Fd& socket, const LegacyInterface& interface, std::string_view name) {
    ipt_getinfo info{};
    if (name.size() >= sizeof info.name) return false;
    name.copy(info.name, name.size());
    socklen_t size = sizeof info;
    if (::getsockopt(socket.get(), interface.level, interface.get_info, &info, &size) < 0)
        return false;
    return info.num_entries > built_in_entries(info);
}

bool is_in_use(const LegacyInterface& interface) {
    const auto names = read_file(interface.names, 64 << 10);
    if (!names || names->empty()) return false;
    const Fd socket(::socket(interface.domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    check(socket.get(), "open a socket to ask for iptables' legacy tables");
    for (const auto name : split(*names, '\n'))
        if (!name.empty() && is_table_in_use(socket, interface, name)) return true;
    return false;
}

bool is_legacy_in_use() {
    for (const LegacyInterface& interface : legacy_interfaces)
        if (is_in_use(interface)) return true;
    return false;
}

bool has_iptables_in_nf_tables(nft::Connection& nft) {
    for (const char* name : {"nat", "filter"})
        for (const std::uint8_t family : {NFPROTO_IPV4, NFPROTO_IPV6})
            if (ipt::is_iptables_table(nft, {family, name})) return true;
    return false;
}

}  // namespace

Backend choose_backend(nft::Connection& nft, const std::optional<std::string>& configured) {
    if (configured == "nftables") return Backend::nftables;
    if (is_legacy_in_use()) return Backend::iptables_legacy;
    if (has_iptables_in_nf_tables(nft)) return Backend::iptables_nft;
    if (!nft.generation()) return Backend::iptables_legacy;
    return configured ? Backend::iptables_nft : Backend::nftables;
}

ipt::Flavour flavour_of(Backend backend) {
    return backend == Backend::iptables_legacy ? ipt::Flavour::legacy : ipt::Flavour::nf_tables;
}

std::string to_string(Backend backend) {
    switch (backend) {
        case Backend::nftables:
            return "nftables";
        case Backend::iptables_nft:
            return "iptables (nf_tables)";
        case Backend::iptables_legacy:
            return "iptables (legacy)";
    }
    return {};
}

}  // namespace cni
