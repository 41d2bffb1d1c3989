#include "iptables/legacy_presence.h"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "base/contains.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"

namespace cni::ipt {
namespace {

/// The two interfaces of the legacy tables: same structures, other numbers.
struct LegacyInterface {
    int domain;
    int level;
    int get_info;
    const char* names;  ///< lists the tables that are loaded
};
constexpr LegacyInterface v4{AF_INET, IPPROTO_IP, IPT_SO_GET_INFO,
                             "/proc/thread-self/net/ip_tables_names"};
constexpr LegacyInterface v6{AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO,
                             "/proc/thread-self/net/ip6_tables_names"};
static_assert(sizeof(ipt_getinfo) == sizeof(ip6t_getinfo));

bool is_refusal(int error) {
    return error == EACCES || error == EPERM;
}

/// nullopt when we may not look; none when the kernel has no such tables.
std::optional<std::vector<std::string>> loaded_tables(const LegacyInterface& interface) try {
    std::vector<std::string> out;
    const std::string names = read_file(interface.names, 64 << 10).value_or("");
    for (const auto name : split(names, '\n'))
        if (!name.empty()) out.emplace_back(name);
    return out;
} catch (const SysError& error) {
    if (!is_refusal(error.error)) throw;
    return {};
}

/// Of a table without rules and chains: the policy of each hook, and the end.
unsigned built_in_entries(const ipt_getinfo& table) {
    return static_cast<unsigned>(std::popcount(table.valid_hooks)) + 1;
}

bool is_any_in_use(const LegacyInterface& interface, const std::vector<std::string>& tables) {
    if (tables.empty()) return false;
    const Fd socket(::socket(interface.domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    // Who may not open it may not have rules there either.
    if (!socket && is_refusal(errno)) return false;
    checked(socket.get(), "open a socket to ask for iptables' legacy tables");
    return std::ranges::any_of(tables, [&](const std::string& name) {
        ipt_getinfo info{};
        if (name.size() >= sizeof info.name) return false;
        name.copy(info.name, name.size());
        socklen_t size = sizeof info;
        return ::getsockopt(socket.get(), interface.level, interface.get_info, &info, &size) == 0 &&
               info.num_entries > built_in_entries(info);
    });
}

}  // namespace

bool is_legacy_in_use() {
    return std::ranges::any_of(std::array{v4, v6}, [](const LegacyInterface& interface) {
        const auto loaded = loaded_tables(interface);
        return loaded && is_any_in_use(interface, *loaded);
    });
}

bool has_legacy_table(Family family, std::string_view table) {
    const LegacyInterface& interface = family == Family::v4 ? v4 : v6;
    const std::string name(table);
    const auto loaded = loaded_tables(interface);
    if (!loaded) return is_any_in_use(interface, {name});
    return contains(*loaded, name);
}

}  // namespace cni::ipt
