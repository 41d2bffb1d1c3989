#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace cni::test {

/// A call that came over D-Bus, with arguments that are strings.
struct BusCall {
    std::uint32_t serial = 0;
    std::string sender = {}, interface = {}, member = {};
    std::vector<std::string> arguments = {};
};

/// What it is answered: an error, a truth value, a text, or nothing.
struct BusAnswer {
    std::string error = {};
    std::optional<bool> flag = {};
    std::optional<std::string> text = {};
};

/// The other side of sys/dbus.h, written without it: what a bus, or a service on one, does with
/// bytes. Throws Error for what the specification does not allow.
class DbusPeer {
public:
    explicit DbusPeer(Fd socket) : socket_(std::move(socket)) {}

    /// As the bus: its part of the authentication.
    void welcome();
    /// As a service: the other part, and its name. Throws Error when the bus does not want it.
    void register_name(const std::string& name);

    /// The next call; nullopt when the other side is gone. What is no call is passed over.
    std::optional<BusCall> next();
    void answer(const BusCall& call, const BusAnswer& answer);
    void say(const std::string& bytes) const;

private:
    bool receive();
    std::string line();
    std::optional<std::string> message();
    Fd socket_;
    std::string received_;
};

}  // namespace cni::test
