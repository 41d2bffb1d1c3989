#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cni/result.h"
#include "gob.h"

/// Calls between plugin and daemon as Go's package net/rpc has them over HTTP, which the reference
/// plugin and daemon speak: either may be theirs during an upgrade.
namespace cni::dhcp {

/// What a plugin asks for.
namespace method {
inline constexpr std::string_view allocate = "DHCP.Allocate";
inline constexpr std::string_view release = "DHCP.Release";
/// The reference daemon has no such methods, and says so: "rpc: can't find method".
inline constexpr std::string_view check = "DHCP.Check";
inline constexpr std::string_view collect = "DHCP.Collect";
}  // namespace method

/// What the runtime told the plugin. Nothing of it is validated.
struct Arguments {
    std::string container_id;
    std::string netns;  ///< an absolute path, or empty
    std::string ifname;
    std::string cni_args;
    std::string path;
    std::string config;  ///< stdin of the plugin, byte for byte
};

struct Call {
    std::string method;
    std::uint64_t sequence = 0;
    Arguments arguments;
};

/// The daemon's side of a connection. No input or output: bytes come and go by the caller.
class ServerSession {
public:
    /// The next call, once all of it has come. Throws Error(decoding_failure): the connection is
    /// of no use then.
    std::optional<Call> next(std::string_view received);

    /// What is to be sent before anything else, once the client has asked for it; "" without need.
    std::string take_greeting();
    std::string encode_result(const Call& call, const Result& result);
    std::string encode_empty(const Call& call);
    std::string encode_error(const Call& call, std::string_view message);

private:
    std::string encode_response(const Call& call, std::string_view error);
    std::string encode_no_result(const Call& call, std::string_view error);
    std::string head_;  ///< of what comes until the end of the greeting
    bool is_greeted_ = false;
    std::string greeting_;
    std::optional<gob::Value> request_;  ///< of the call whose arguments are still to come
    gob::Decoder decoder_;
    bool has_sent_response_ = false, has_sent_result_ = false, has_sent_empty_ = false;
};

/// The plugin's side: one call.
class ClientSession {
public:
    /// What is to be sent at first.
    static std::string greeting();
    static std::string encode(const Call& call);

    struct Answer {
        std::string error;  ///< "": it succeeded
        Result result;      ///< of Allocate and Check
    };
    /// Whether the daemon has answered the greeting. Throws Error(decoding_failure) when what has
    /// come is something else.
    bool is_greeted(std::string_view received);
    /// The answer, once all of it has come. Throws Error(decoding_failure).
    std::optional<Answer> next(std::string_view received);

private:
    bool is_greeted_ = false;
    std::string head_;
    std::optional<gob::Value> response_;
    gob::Decoder decoder_;
};

}  // namespace cni::dhcp
