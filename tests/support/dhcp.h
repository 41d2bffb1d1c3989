#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/plugin_run.h"
#include "support/process.h"
#include "sys/netns.h"

namespace cni::test {

/// Whether something becomes true within fifteen seconds.
bool comes_true(const std::function<bool()>& what);

/// The daemon of the dhcp plugin from a folder of executables, on this host, where it listens at
/// /run/cni/dhcp.sock. It answers when this returns.
Process start_dhcp_daemon(const std::vector<std::string>& flags = {},
                          const std::string& folder = bin_dir());

/// dnsmasq as a DHCP server on an interface that has an address of the range's subnet. It listens
/// when this returns.
Process start_dnsmasq(const Netns& netns, const std::string& ifname, const std::string& range,
                      const std::vector<std::string>& options = {});
/// The addresses that it says it has given, sorted.
std::vector<std::string> addresses_of_dnsmasq();
/// Where it writes them down.
inline constexpr const char* dnsmasq_leases = "/run/dnsmasq.leases";

}  // namespace cni::test
