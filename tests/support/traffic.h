#pragma once

#include <string>

#include "sys/netns.h"

namespace cni::test {

/// One ICMP echo from a namespace to an address, answered within three seconds.
bool ping(const Netns& from, const std::string& address);

/// One end of an exchange, and what the other end saw of it.
struct Exchange {
    /// The server got the request and the client its answer.
    bool answered = false;
    /// The client's address and port as the server saw them: the masqueraded ones, if any.
    std::string peer_address;
    int peer_port = 0;
    /// Why not, when it was not answered.
    std::string failure;
};

/// Where the server listens, inside `netns`, and where the client sends to. They differ when the
/// client goes through a forwarded port. An empty `target_address` means the server's.
struct ExchangeOptions {
    const Netns& server;
    std::string address;
    int port = 8080;
    const Netns& client;
    std::string target_address = {};
    int target_port = 0;
};

/// A TCP connection with a few bytes in both directions. Waits three seconds at most for each step.
Exchange exchange_tcp(const ExchangeOptions& options);
/// A UDP datagram and its answer. Waits likewise.
Exchange exchange_udp(const ExchangeOptions& options);
/// The first packet of an SCTP association, IPv4, one way, for kernels without SCTP sockets; it has
/// to arrive at the server's address and port within three seconds.
Exchange send_sctp(const ExchangeOptions& options);

}  // namespace cni::test
