#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "ipam/dhcp/protocol/client6.h"
#include "support/dhcp_words.h"

namespace cni::dhcp {

inline constexpr std::uint32_t ia = 7;
inline const Bytes duid = {0, 4, 1}, server_a = {0, 1, 0xa}, server_b = {0, 1, 0xb};

inline Ip ip(std::string_view text) {
    return Ip::parse(text).value();
}

/// Lifetimes of an address, and T1 and T2 of its IA, in seconds.
struct Terms {
    std::uint32_t preferred = 1000, valid = 2000, renew = 0, rebind = 0;
};

inline Bytes status(Status6 code) {
    Bytes bytes;
    put_u16(bytes, static_cast<std::size_t>(code));
    put(bytes, to_bytes(std::string_view("why")));
    return bytes;
}

inline Option6 address_option(std::string_view address, const Terms& terms,
                              const Options6& inner = {}) {
    Option6 option{option6::ia_address, to_bytes(ip(address))};
    put_u32(option.value, terms.preferred);
    put_u32(option.value, terms.valid);
    put(option.value, encode(inner));
    return option;
}

inline Option6 ia_option(const Options6& inner, const Terms& terms = {}, std::uint32_t id = ia) {
    Option6 option{option6::ia_na};
    put_u32(option.value, id);
    put_u32(option.value, terms.renew);
    put_u32(option.value, terms.rebind);
    put(option.value, encode(inner));
    return option;
}

inline Option6 one_address(std::string_view address, const Terms& terms = {}) {
    return ia_option({address_option(address, terms)}, terms);
}

inline std::string name_of(const Bytes& server) {
    return server == server_a ? "a" : server == server_b ? "b" : "?";
}

inline std::string address_in(const Bytes& ia_value) {
    const auto inner = parse_options6(View(ia_value).subspan(12));
    const Bytes* address = find(std::get<Options6>(inner), option6::ia_address);
    return address ? Reader(*address).ip(Family::v6).to_string() : "any";
}

// Without what is alike in all of them.
inline std::string text_of(const Send6& send) {
    const auto message = std::get<Message6>(parse_message6(send.payload));
    constexpr const char* types[] = {"",      "SOLICIT", "ADVERTISE", "REQUEST", "CONFIRM",
                                     "RENEW", "REBIND",  "REPLY",     "RELEASE", "DECLINE"};
    std::string text = types[static_cast<int>(message.type)];
    text += cat(" ", address_in(*find(message.options, option6::ia_na)));
    if (const Bytes* server = find(message.options, option6::server_id))
        text += cat(" of ", name_of(*server));
    if (const int elapsed = Reader(*find(message.options, option6::elapsed_time)).u16())
        text += cat(" after ", elapsed);
    return text;
}
inline std::string text_of(const SendProbe& probe) {
    return cat("PROBE ", probe.address.to_string());
}
inline std::string text_of(const Bound6& bound) {
    const Lease6& lease = bound.lease;
    return cat("bound ", lease.address.to_string(), " of ", name_of(lease.server), " ",
               text_of(lease.start), " ", text_of(lease.renew), " ", text_of(lease.rebind), " ",
               text_of(lease.deprecate), " ", text_of(lease.expire));
}
class DhcpClient6 : public ::testing::Test {
protected:
    DhcpClient6() {
        config_.duid = duid;
        config_.ia = ia;
        config_.probes = 0;
    }

    Client6& client() {
        if (!client_) client_.emplace(config_, [this] { return random_++; });
        return *client_;
    }

    /// What is to be done, in words; remembers the message.
    std::string told(const Actions6& actions) {
        std::vector<std::string> texts;
        for (const Action6& action : actions) {
            if (const auto* send = std::get_if<Send6>(&action))
                last_ = std::get<Message6>(parse_message6(send->payload));
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

    /// An answer to the message that was sent last.
    Message6 answer(Type6 type, const Options6& options, const Bytes& server = server_a) {
        Message6 message{type, last_.transaction};
        message.options = {{option6::client_id, duid}, {option6::server_id, server}};
        message.options.insert(message.options.end(), options.begin(), options.end());
        return message;
    }
    std::string receive(double now, const Message6& message) {
        return told(client().receive(at(now), message));
    }
    std::string receive(double now, Type6 type, const Options6& options,
                        const Bytes& server = server_a) {
        return receive(now, answer(type, options, server));
    }

    void bind() {
        EXPECT_EQ(start(0), "SOLICIT any");
        EXPECT_EQ(receive(0, Type6::reply, {one_address("fd00::5"), {option6::rapid_commit}}),
                  "bound fd00::5 of a 0 500 800 1000 2000");
    }
    Lease6 lease() {
        bind();
        return client().lease().value();
    }
    void begin_to_request() {
        start(0);
        EXPECT_EQ(
            receive(0, Type6::advertise, {one_address("fd00::5"), {option6::preference, {255}}}),
            "REQUEST fd00::5 of a");
    }

    Client6Config config_;
    /// Every number is one more than the one before: transactions differ, and jitter, a tenth, is
    /// near its least.
    std::uint32_t random_ = 0;
    std::optional<Client6> client_;
    Message6 last_;
};

}  // namespace cni::dhcp
