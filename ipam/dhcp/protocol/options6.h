#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "message6.h"

/// What options of a message say. Servers are not trusted: what is not as RFC 8415 has it counts as
/// absent.
namespace cni::dhcp {

enum class Status6 : std::uint16_t {
    success = 0,
    unspecified_failure = 1,
    no_addresses_available = 2,
    no_binding = 3,
    not_on_link = 4,
    use_multicast = 5,
};

/// An address within an IA_NA. Times in seconds; 0xffffffff: for ever.
struct IaAddress {
    Ip address = Ip::any(Family::v6);
    std::uint32_t preferred = 0;
    std::uint32_t valid = 0;
    bool operator==(const IaAddress&) const = default;
};

/// What a server says of the addresses of one interface. Times in seconds; 0: the client chooses.
struct IaNa {
    std::uint32_t id = 0;
    std::uint32_t renew = 0;
    std::uint32_t rebind = 0;
    std::vector<IaAddress> addresses = {};
    Status6 status = Status6::success;
    bool operator==(const IaNa&) const = default;
};

/// The first of this code; nullptr when there is none.
const Bytes* find(const Options6& options, std::uint16_t code);
/// Those that dns_servers() and search_list() read, each as far as anybody needs it: 16 addresses.
/// A lease is kept in memory and in a file.
Options6 options_of_use(const Options6& options);
/// Success when there is none; what is unknown, or cut off, is an unspecified failure.
Status6 status_in(const Options6& options);
std::string_view name_of(Status6 status);

/// That of the client's own id. nullopt when there is none, or it is to be discarded: T1 behind T2
/// (RFC 8415, 21.4). Addresses that no host can have, or that are preferred for longer than they
/// are valid (21.6), or that have a status of their own which is no success, are left out.
std::optional<IaNa> find_ia(const Options6& options, std::uint32_t id);
/// The option that asks for an address, or gives it back; nullopt: any.
Option6 make_ia(std::uint32_t id, const std::optional<Ip>& address);

/// What hosts get from servers: not ::, ::1, fe80::/10, ff00::/8, and none of IPv4 (::ffff:0:0/96).
bool is_host_address6(const Ip& ip);

/// Option 7; 0 when there is none.
int preference(const Options6& options);
/// Option 82 in seconds, from a minute to a day (RFC 8415, 21.24).
std::optional<std::uint32_t> sol_max_rt(const Options6& options);
/// Option 23.
std::vector<Ip> dns_servers(const Options6& options);
/// Option 24.
std::vector<std::string> search_list(const Options6& options);

}  // namespace cni::dhcp
