#include "support/traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "support/process.h"

namespace cni::test {
namespace {

constexpr std::string_view question = "ping", answer = "pong";

struct Address {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address make_address(const std::string& text, int port) {
    Address address;
    const auto network_port = htons(static_cast<std::uint16_t>(port));
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = network_port;
        address.size = sizeof *v4;
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = network_port;
        address.size = sizeof *v6;
    } else {
        throw Error(Code::internal, cat("not an address: ", quote(text)));
    }
    return address;
}

void note_peer(Exchange& exchange, const Address& peer) {
    char text[INET6_ADDRSTRLEN] = "";
    if (peer.storage.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&peer.storage);
        ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        exchange.peer_port = ntohs(v4->sin_port);
    } else {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&peer.storage);
        ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        exchange.peer_port = ntohs(v6->sin6_port);
    }
    exchange.peer_address = text;
}

void limit_waiting(const Fd& socket) {
    const timeval limit{.tv_sec = 3, .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        checked(::setsockopt(socket.get(), SOL_SOCKET, option, &limit, sizeof limit),
                "limit waiting");
}

// The socket belongs to the namespace it was opened in, whoever uses it later.
Fd open_socket(const Netns& netns, int family, int type, int protocol = 0) {
    Fd socket(netns.run([&] { return ::socket(family, type | SOCK_CLOEXEC, protocol); }));
    checked(socket.get(), "open a socket");
    limit_waiting(socket);
    return socket;
}

Fd open_server(const ExchangeOptions& options, int type) {
    Address address = make_address(options.address, options.port);
    Fd socket = open_socket(options.server, address.get()->sa_family, type);
    const int yes = 1;
    checked(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes),
            "reuse address");
    checked(::bind(socket.get(), address.get(), address.size), "bind ", options.address);
    return socket;
}

Address target_of(const ExchangeOptions& options) {
    return make_address(options.target_address.empty() ? options.address : options.target_address,
                        options.target_port ? options.target_port : options.port);
}

void send_text(const Fd& socket, std::string_view text) {
    checked(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL), "send");
}

void expect_text(const Fd& socket, std::string_view text) {
    char buffer[16];
    const ssize_t n = checked(::recv(socket.get(), buffer, sizeof buffer, 0), "receive");
    if (std::string_view(buffer, static_cast<std::size_t>(n)) != text)
        throw Error(Code::internal, "received something else");
}

// The connection is made by the kernel as soon as the server listens, so that one thread can
// play both ends.
void talk_tcp(const ExchangeOptions& options, Exchange& exchange) {
    const Fd server = open_server(options, SOCK_STREAM);
    checked(::listen(server.get(), 1), "listen");
    Address target = target_of(options);
    const Fd client = open_socket(options.client, target.get()->sa_family, SOCK_STREAM);
    checked(::connect(client.get(), target.get(), target.size), "connect");
    Address peer;
    const Fd accepted(
        checked(::accept4(server.get(), peer.get(), &peer.size, SOCK_CLOEXEC), "accept"));
    note_peer(exchange, peer);
    limit_waiting(accepted);
    send_text(client, question);
    expect_text(accepted, question);
    send_text(accepted, answer);
    expect_text(client, answer);
}

void talk_udp(const ExchangeOptions& options, Exchange& exchange) {
    const Fd server = open_server(options, SOCK_DGRAM);
    Address target = target_of(options);
    const Fd client = open_socket(options.client, target.get()->sa_family, SOCK_DGRAM);
    checked(::connect(client.get(), target.get(), target.size), "connect");
    send_text(client, question);
    Address peer;
    char buffer[16];
    checked(::recvfrom(server.get(), buffer, sizeof buffer, 0, peer.get(), &peer.size), "receive");
    note_peer(exchange, peer);
    checked(::sendto(server.get(), answer.data(), answer.size(), 0, peer.get(), peer.size), "send");
    expect_text(client, answer);
}

// CRC-32C, as SCTP has it: a tracker of connections drops packets without.
std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = ~0u;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    return ~crc;
}

// RFC 9260: source and destination port, tag, checksum; chunk INIT.
std::array<std::uint8_t, 32> sctp_init(int source_port, int destination_port) {
    std::array<std::uint8_t, 32> packet{};
    const auto put_port = [&](std::size_t at, int port) {
        packet[at] = static_cast<std::uint8_t>(port >> 8);
        packet[at + 1] = static_cast<std::uint8_t>(port);
    };
    put_port(0, source_port);
    put_port(2, destination_port);
    packet[12] = 1;               // INIT
    packet[15] = 20;              // its length
    packet[19] = 1;               // tag
    packet[22] = 0xff;            // window
    packet[25] = packet[27] = 1;  // streams
    const std::uint32_t crc = checksum(packet);
    for (int i = 0; i < 4; ++i)
        packet[8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(crc >> 8 * i);
    return packet;
}

void talk_sctp(const ExchangeOptions& options, Exchange& exchange) {
    Address local = make_address(options.address, 0), target = target_of(options);
    const Fd server = open_socket(options.server, AF_INET, SOCK_RAW, IPPROTO_SCTP);
    checked(::bind(server.get(), local.get(), local.size), "bind ", options.address);
    const Fd client = open_socket(options.client, AF_INET, SOCK_RAW, IPPROTO_SCTP);
    const int port = ntohs(reinterpret_cast<const sockaddr_in*>(&target.storage)->sin_port);
    const auto packet = sctp_init(40000, port);
    checked(::sendto(client.get(), packet.data(), packet.size(), 0, target.get(), target.size),
            "send");
    Address peer;
    std::array<std::uint8_t, 128> received{};
    checked(::recvfrom(server.get(), received.data(), received.size(), 0, peer.get(), &peer.size),
            "receive");
    const std::size_t header = (received[0] & 15u) * 4u;
    exchange.peer_port = received[header] << 8 | received[header + 1];
    if ((received[header + 2] << 8 | received[header + 3]) != options.port)
        throw Error(Code::internal, "arrived at another port");
    const int source_port = exchange.peer_port;
    note_peer(exchange, peer);
    exchange.peer_port = source_port;
}

Exchange attempt(void (*talk)(const ExchangeOptions&, Exchange&), const ExchangeOptions& options) {
    Exchange exchange;
    try {
        talk(options, exchange);
        exchange.answered = true;
    } catch (const Error& error) {
        exchange.failure = error.what();
    }
    return exchange;
}

}  // namespace

bool ping(const Netns& from, const std::string& address) {
    return from.run([&] {
        return run({.argv = {"ping", "-n", "-c", "1", "-W", "3", address}}).ok();
    });
}

Exchange exchange_tcp(const ExchangeOptions& options) {
    return attempt(talk_tcp, options);
}

Exchange exchange_udp(const ExchangeOptions& options) {
    return attempt(talk_udp, options);
}

Exchange send_sctp(const ExchangeOptions& options) {
    return attempt(talk_sctp, options);
}

}  // namespace cni::test
