#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bytes.h"
#include "net/mac.h"

/// DHCP for IPv6 as RFC 8415 writes it down. What parses takes any bytes.
namespace cni::dhcp {

enum class Type6 : std::uint8_t {
    solicit = 1,
    advertise = 2,
    request = 3,
    confirm = 4,
    renew = 5,
    rebind = 6,
    reply = 7,
    release = 8,
    decline = 9,
};

/// Codes of options.
namespace option6 {
inline constexpr std::uint16_t client_id = 1, server_id = 2, ia_na = 3, ia_ta = 4, ia_address = 5,
                               option_request = 6, preference = 7, elapsed_time = 8, relayed = 9,
                               authentication = 11, unicast = 12, status_code = 13,
                               rapid_commit = 14, user_class = 15, interface_id = 18,
                               reconfigure = 19, reconfigure_accept = 20, dns_servers = 23,
                               domain_list = 24, ia_pd = 25, ia_prefix = 26, client_fqdn = 39,
                               sol_max_rt = 82;
}  // namespace option6

/// What the protocol itself says, or servers and relays: nobody else may. The client's id is one
/// more, which a client has from its configuration.
inline constexpr std::uint16_t protocol_options6[] = {0,
                                                      option6::server_id,
                                                      option6::ia_na,
                                                      option6::ia_ta,
                                                      option6::ia_address,
                                                      option6::option_request,
                                                      option6::preference,
                                                      option6::elapsed_time,
                                                      option6::relayed,
                                                      option6::authentication,
                                                      option6::unicast,
                                                      option6::status_code,
                                                      option6::rapid_commit,
                                                      option6::interface_id,
                                                      option6::reconfigure,
                                                      option6::reconfigure_accept,
                                                      option6::ia_pd,
                                                      option6::ia_prefix};

struct Option6 {
    std::uint16_t code = 0;
    Bytes value = {};
    bool operator==(const Option6&) const = default;
};
/// In the order of the packet; several may have one code.
using Options6 = std::vector<Option6>;

/// A message between a client and a server, without relay: the payload of a datagram.
struct Message6 {
    Type6 type = Type6::solicit;
    std::uint32_t transaction = 0;  ///< 24 bits
    Options6 options = {};
    bool operator==(const Message6&) const = default;
};

Parsed<Message6> parse_message6(View payload);
/// Options that lie within one, or behind the fields of a message.
Parsed<Options6> parse_options6(View bytes);

Bytes encode(const Message6& message);
Bytes encode(const Options6& options);

/// A client's identity (RFC 8415, 11): of its link's address (DUID-LL), or of 16 bytes that nobody
/// else has (DUID-UUID).
Bytes duid_of(const Mac& mac);
Bytes duid_of(const std::array<std::uint8_t, 16>& uuid);

inline constexpr std::uint16_t client_port6 = 546, server_port6 = 547;
/// Where clients send: all servers and relays of the link (ff02::1:2).
Ip all_servers6();

}  // namespace cni::dhcp
