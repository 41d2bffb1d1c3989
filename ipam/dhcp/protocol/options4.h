#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "message4.h"
#include "net/route.h"

/// What options of a lease say. Servers are not trusted: what is not as its RFC has it counts as
/// absent, and names consist of what may stand in a resolv.conf.
namespace cni::dhcp {

/// Not 0.0.0.0, multicast, broadcast or loopback.
bool is_host_address(const Ip& ip);

/// Those that the functions from prefix_length() on read, each as far as anybody needs it: 16
/// addresses, 64 routes. A lease is kept in memory and in a file, and set on an interface with each
/// change.
Options4 options_of_use(const Options4& options);

/// nullptr when there is none.
const Bytes* find(const Options4& options, std::uint8_t code);
std::optional<std::uint32_t> find_u32(const Options4& options, std::uint8_t code);
std::optional<Ip> find_address(const Options4& options, std::uint8_t code);
/// Of an option that is a list of addresses. Without those that no host can have.
std::vector<Ip> addresses_in(const Options4& options, std::uint8_t code);
/// A text, printable ASCII only (others as "?"), without zeros at its end; "" when there is none.
std::string text_in(const Options4& options, std::uint8_t code);

/// Length of the subnet mask (option 1), 1 to 32.
std::optional<int> prefix_length(const Options4& options);
/// The first router (option 3).
std::optional<Ip> gateway(const Options4& options);
/// Classless routes (option 121) alone, if they are there: RFC 3442. Else those of option 33, with
/// the mask of their class, and the default route by the first router. Without a gateway where the
/// destination is on the link.
std::vector<Route> routes(const Options4& options);
/// Option 26, in bytes; 576 and more: the 68 of RFC 2132, 5.1, are of use to nobody who is no
/// router.
std::optional<int> mtu(const Options4& options);
/// Option 6.
std::vector<Ip> dns_servers(const Options4& options);
/// Option 15; "" when there is none.
std::string domain_name(const Options4& options);
/// Option 119 (RFC 3397).
std::vector<std::string> search_list(const Options4& options);

}  // namespace cni::dhcp
