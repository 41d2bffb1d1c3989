#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "bytes.h"
#include "net/ip.h"
#include "net/mac.h"

/// DHCP for IPv4 as RFC 2131 and RFC 2132 write it down. What parses takes any bytes.
namespace cni::dhcp {

enum class Type4 : std::uint8_t {
    discover = 1,
    offer = 2,
    request = 3,
    decline = 4,
    ack = 5,
    nak = 6,
    release = 7,
    inform = 8,
};

/// Codes of options.
namespace option4 {
inline constexpr std::uint8_t pad = 0, subnet_mask = 1, routers = 3, dns_servers = 6,
                              host_name = 12, domain_name = 15, interface_mtu = 26,
                              static_routes = 33, ntp_servers = 42, requested_address = 50,
                              lease_time = 51, overload = 52, message_type = 53, server_id = 54,
                              parameter_list = 55, message = 56, max_message_size = 57,
                              renewal_time = 58, rebinding_time = 59, vendor_class = 60,
                              client_id = 61, user_class = 77, domain_search = 119,
                              classless_routes = 121, end = 255;
}  // namespace option4

/// What each option holds. One that comes in pieces (RFC 3396) is here in one.
using Options4 = std::map<std::uint8_t, Bytes>;

/// A DHCP message: the payload of a datagram.
struct Message4 {
    bool is_reply = false;  ///< op: BOOTREPLY, BOOTREQUEST
    std::uint32_t xid = 0;
    std::uint16_t secs = 0;        ///< seconds since the client began
    bool wants_broadcast = false;  ///< flag 0x8000
    Ip client = {};                ///< ciaddr: the address that the client has, or 0.0.0.0
    Ip yours = {};                 ///< yiaddr: the address that it gets
    Ip server = {};                ///< siaddr: where to boot from, not who sends
    Ip relay = {};                 ///< giaddr
    Mac mac = {};                  ///< chaddr
    Options4 options = {};         ///< without pad, end and overload

    /// Option 53; nullopt for a number that is none, or without one (BOOTP).
    std::optional<Type4> type() const;
    bool operator==(const Message4&) const = default;
};

/// Reads a message of an Ethernet client, from any sender. The fields `file` and `sname` count only
/// if they hold options (52); what stands behind the end of options is skipped.
Parsed<Message4> parse_message4(View payload);

/// Options in the order of their codes; those of more than 255 bytes in pieces. At least 300 bytes,
/// as some relays want.
Bytes encode(const Message4& message);

}  // namespace cni::dhcp
