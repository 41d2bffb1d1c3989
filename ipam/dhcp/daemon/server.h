#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../rpc/call.h"
#include "base/fd.h"
#include "loop.h"
#include "service.h"

namespace cni::dhcp {

/// Takes the calls of plugins from a socket. Only root and the daemon's own user may call.
class Server {
public:
    /// `listener` is a stream socket that listens. The others must outlive it.
    Server(Loop& loop, Service& service, Fd listener);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// No more calls are taken; what is answered already is sent.
    void stop();

private:
    class Connection;

    void listen();
    void accept();
    void rest(int error);
    void forget(const Connection& connection);

    Loop& loop_;
    Service& service_;
    Fd listener_;
    std::optional<Watch> watch_;  ///< unless nobody can be served
    std::list<std::unique_ptr<Connection>> connections_;
    Timer pause_;  ///< while nobody can be served
    WaiterId last_id_ = 0;
};

}  // namespace cni::dhcp
