#include "server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <utility>

#include "base/error.h"
#include "log.h"

namespace cni::dhcp {
namespace {

// Each has a descriptor, and what is asked for a few more.
constexpr std::size_t max_connections = 512;

bool is_trusted(int peer) {
    ucred who{};
    socklen_t size = sizeof who;
    checked(::getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size), "ask who calls");
    return who.uid == 0 || who.uid == ::geteuid();
}

}  // namespace

// One caller, who may call several times, one after the other.
class Server::Connection {
public:
    Connection(Server& server, Fd socket, WaiterId id)
        : server_(server),
          id_(id),
          socket_(std::move(socket)),
          watch_(server.loop_, socket_.get(), EPOLLIN | EPOLLRDHUP, [this] { attend(); }) {}
    ~Connection() { server_.service_.abandon(id_); }

    /// Sends what fits. False when nobody reads it any more.
    bool send() {
        while (!unsent_.empty()) {
            const ssize_t n = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) break;
            if (n < 0) return false;
            unsent_.erase(0, static_cast<std::size_t>(n));
        }
        std::uint32_t events = EPOLLIN | EPOLLRDHUP;
        if (!unsent_.empty()) events |= EPOLLOUT;
        watch_.change(events);
        return true;
    }

private:
    // May destroy this object.
    void attend() {
        bool is_alive = false;
        try {
            is_alive = receive() && send();
        } catch (const Error& error) {
            log({}, cat("a call that cannot be read: ", error.what()));
        }
        if (!is_alive) server_.forget(*this);
    }

    // False at the end of what comes. One who does not listen any more waits for nothing.
    bool receive() {
        std::array<char, 16384> buffer;
        const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
        if (n <= 0) return false;
        std::string_view received(buffer.data(), static_cast<std::size_t>(n));
        for (;;) {
            const auto call = session_.next(std::exchange(received, {}));
            unsent_ += session_.take_greeting();
            if (!call) return true;
            perform(*call);
        }
    }

    void perform(const Call& call) {
        if (is_busy_) throw Error(Code::decoding_failure, "a second call before the answer");
        is_busy_ = true;
        server_.service_.handle(call, id_, [this, call](const Outcome& outcome) {
            is_busy_ = false;
            unsent_ += encode(call, outcome);
            send_quietly();
        });
    }

    // Called for one of several, of whom the others are to be answered too.
    void send_quietly() {
        try {
            send();
        } catch (const Error& error) {
            log({}, error.what());
        }
    }

    std::string encode(const Call& call, const Outcome& outcome) {
        if (!outcome.error.empty()) return session_.encode_error(call, outcome.error);
        if (call.method == method::allocate || call.method == method::check)
            return session_.encode_result(call, outcome.result);
        return session_.encode_empty(call);
    }

    Server& server_;
    const WaiterId id_;
    Fd socket_;
    Watch watch_;
    ServerSession session_;
    std::string unsent_;
    bool is_busy_ = false;  ///< with a call
};

Server::Server(Loop& loop, Service& service, Fd listener)
    : loop_(loop),
      service_(service),
      listener_(std::move(listener)),
      pause_(loop, [this] { listen(); }) {
    listen();
}

Server::~Server() = default;

void Server::listen() {
    if (!watch_) watch_.emplace(loop_, listener_.get(), EPOLLIN, [this] { accept(); });
}

void Server::stop() {
    watch_.reset();
    pause_.set({});
    service_.stop();
    connections_.clear();
}

// One who is not let in learns no more than that.
void Server::accept() {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) return rest(errno);
    if (!is_trusted(socket.get())) return log({}, "a caller that is neither root nor this user");
    connections_.push_back(std::make_unique<Connection>(*this, std::move(socket), ++last_id_));
    if (connections_.size() == max_connections) watch_.reset();
}

// Callers wait in the queue of the socket until there is something to serve them with.
void Server::rest(int error) {
    if (error == EAGAIN || error == EINTR || error == ECONNABORTED) return;
    log({}, cat("take a call: ", errno_text(error)));
    watch_.reset();
    pause_.set(Loop::now() + std::chrono::seconds(1));
}

// Called by a connection as the last thing it does.
void Server::forget(const Connection& connection) {
    std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
    listen();
}

}  // namespace cni::dhcp
