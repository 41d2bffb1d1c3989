#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ipam/dhcp/protocol/client4.h"
#include "ipam/dhcp/protocol/options4.h"
#include "support/dhcp_words.h"

namespace cni::dhcp {

inline const Mac own = Mac::parse("02:00:00:00:00:01").value();
inline const Mac other = Mac::parse("02:00:00:00:00:02").value();
inline const Bytes client_id = {0, 'm', 'e'};

inline Ip ip(const char* text) {
    return Ip::parse(text).value();
}

inline Message4 message_in(const Send4& send) {
    return std::get<Message4>(parse_message4(send.payload));
}

// Without what is alike in all of them.
inline std::string text_of(const Send4& send) {
    const Message4 message = message_in(send);
    constexpr const char* types[] = {"",        "DISCOVER", "OFFER", "REQUEST",
                                     "DECLINE", "ACK",      "NAK",   "RELEASE"};
    std::string text = cat(types[static_cast<int>(message.type().value())], " ",
                           send.from.to_string(), " > ", send.to.to_string());
    if (message.secs) text += cat(" secs=", message.secs);
    if (message.wants_broadcast) text += " broadcast";
    if (!message.client.is_any()) text += cat(" ciaddr=", message.client.to_string());
    if (const auto asked = find_address(message.options, 50))
        text += cat(" asks=", asked->to_string());
    if (const auto server = find_address(message.options, 54))
        text += cat(" server=", server->to_string());
    return text;
}
inline std::string text_of(const SendArp& send) {
    const Arp arp = parse_arp(send.packet).value();
    return cat(arp == arp_probe(own, arp.target) ? "PROBE " : "not a probe: ",
               arp.target.to_string());
}
inline std::string text_of(const Bound4& bound) {
    const Lease4& lease = bound.lease;
    return cat("bound ", lease.address.to_string(), " of ", lease.server.to_string(), " ",
               text_of(lease.start), " ", text_of(lease.renew), " ", text_of(lease.rebind), " ",
               text_of(lease.expire));
}
inline Bytes u32(std::uint32_t value) {
    Bytes bytes;
    put_u32(bytes, value);
    return bytes;
}

inline const std::string discover = "DISCOVER 0.0.0.0 > 255.255.255.255";
inline const std::string request = "REQUEST 0.0.0.0 > 255.255.255.255";
inline const std::string selecting_request = request + " asks=10.0.0.5 server=10.0.0.1";

class DhcpClient4 : public ::testing::Test {
protected:
    DhcpClient4() {
        config_.mac = own;
        config_.client_id = client_id;
        config_.requested = {1, 3};
        config_.probes = 0;
    }

    Client4& client() {
        if (!client_) client_.emplace(config_, [this] { return random_; });
        return *client_;
    }

    /// What is to be done, in words; remembers the message.
    std::string told(const Actions4& actions) {
        std::vector<std::string> texts;
        for (const Action4& action : actions) {
            if (const auto* send = std::get_if<Send4>(&action)) last_ = message_in(*send);
            texts.push_back(std::visit([](const auto& each) { return text_of(each); }, action));
        }
        return join(texts, "; ");
    }
    std::string start(double now) { return told(client().start(at(now))); }
    std::string tick(double now) { return told(client().tick(at(now))); }
    std::string deadline() {
        const auto time = client().deadline();
        return time ? text_of(*time) : "none";
    }

    /// An answer to the message that was sent last, of a lease as long as `length`.
    Message4 answer(Type4 type, std::uint32_t length = 1000) {
        Message4 message{.is_reply = true, .xid = last_.xid, .yours = ip("10.0.0.5"), .mac = own};
        message.options = {{53, {static_cast<std::uint8_t>(type)}},
                           {54, {10, 0, 0, 1}},
                           {1, {255, 255, 255, 0}},
                           {51, u32(length)}};
        return message;
    }
    std::string receive(double now, const Message4& message) {
        return told(client().receive(at(now), message));
    }
    std::string receive(double now, Type4 type) { return receive(now, answer(type)); }

    /// Leads to a lease of 1000 seconds, asked for at 0.
    void bind() {
        EXPECT_EQ(start(0), discover);
        EXPECT_EQ(receive(0, Type4::offer), selecting_request);
        EXPECT_EQ(receive(1, Type4::ack), "bound 10.0.0.5/24 of 10.0.0.1 0 500 875 1000");
    }
    Lease4 lease() {
        bind();
        return client().lease().value();
    }

    Client4Config config_;
    std::uint32_t random_ = 0;  ///< every number; 0: jitter is as short as it can be
    std::optional<Client4> client_;
    Message4 last_;
};

}  // namespace cni::dhcp
