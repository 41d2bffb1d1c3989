#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.h"
#include "sys/dbus_message.h"

namespace cni::dbus {

/// What a call was answered: the first argument, or an error.
struct Answer {
    std::string error_name = {};  ///< "org.freedesktop.DBus.Error.NameHasNoOwner"; "" of success
    std::string text = {};        ///< of an error: what it says
    std::optional<bool> flag = {};
    bool is_error() const { return !error_name.empty(); }
};

/// The bus of the system, for calls one after the other.
///
/// A client of our own: libsystemd comes without a static archive, and that of libdbus-1 needs
/// libsystemd. Either would add more than a plugin has, for two kinds of messages, and would
/// execute programs that a bus address names ("unixexec:").
class Bus {
public:
    /// The bus itself is not waited for longer: it is a matter of milliseconds.
    static constexpr std::chrono::seconds patience{3};

    /// Of the first "unix:path=" in DBUS_SYSTEM_BUS_ADDRESS, or of /run/dbus/system_bus_socket.
    /// nullopt when there is no bus, or when it is one of another user namespace. Throws Error: we
    /// may not talk to it, it refuses us, does not answer, or with what is no D-Bus.
    static std::optional<Bus> find_system();

    /// Throws Error(try_again_later) when no answer comes within `limit`, Error when the bus is
    /// gone or answers what is no D-Bus: nothing can be asked after that. An error that the method
    /// gives is an Answer.
    Answer call(const Call& call, std::chrono::seconds limit = patience);

private:
    using Clock = std::chrono::steady_clock;

    Bus(Fd socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}
    void introduce();
    void send(std::string_view bytes, Clock::time_point end);
    std::string take_line(Clock::time_point end);
    Message take_message(Clock::time_point end);
    Answer take_answer(std::uint32_t serial, Clock::time_point end);
    void receive_some(Clock::time_point end);
    void wait_for(short events, Clock::time_point end) const;

    Fd socket_;
    std::string path_;
    std::string received_;  ///< and not taken yet
    std::uint32_t serial_ = 0;
};

}  // namespace cni::dbus
