#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "cni/plugin.h"
#include "rpc/call.h"

namespace cni::dhcp {

/// There is nobody to ask: nothing listens at the socket, or who does is neither root nor this
/// user.
class NoDaemon : public Error {
public:
    using Error::Error;
};

/// What the daemon says to a call instead of doing it.
class Refusal : public Error {
public:
    using Error::Error;
};

/// A connection to the daemon.
class DaemonConnection {
public:
    /// Throws NoDaemon, SysError.
    explicit DaemonConnection(const std::string& path);

    /// Whether somebody answers who speaks the protocol. Throws Error when nobody does so in time.
    void greet();
    /// What the daemon answers to a method. Throws Refusal; Error when no answer comes in time.
    Result call(std::string_view method, const Request& request, std::chrono::seconds patience);

private:
    std::string receive();
    void send(std::string_view bytes, std::chrono::seconds patience) const;
    void set_patience(std::chrono::seconds patience);
    const std::string path_;
    Fd socket_;
    ClientSession session_;
};

}  // namespace cni::dhcp
