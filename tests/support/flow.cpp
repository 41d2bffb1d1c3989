#include "support/flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

namespace cni::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int port = 9090;
constexpr std::size_t datagram = 1400;
// Of UDP, handed to the kernel at once: UDP_MAX_SEGMENTS of linux/udp.h is 64.
constexpr std::size_t most_datagrams = 40;
constexpr std::chrono::milliseconds turn{2};

sockaddr_in address_of(const std::string& text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1)
        throw Error(Code::internal, cat("not an address: ", quote(text)));
    return address;
}

Fd open_socket(const Netns& netns, int type, int extra = 0) {
    Fd socket(netns.run([&] { return ::socket(AF_INET, type | SOCK_CLOEXEC | extra, 0); }));
    checked(socket.get(), "open a socket");
    return socket;
}

template <typename Call>
void with_address(const Fd& socket, const std::string& text, Call call, const char* what) {
    const sockaddr_in address = address_of(text);
    checked(call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), what);
}

/// Both ends; neither blocks.
struct Ends {
    Fd sender, receiver;
};

Ends open_tcp(const FlowOptions& options) {
    const Fd server = open_socket(options.to, SOCK_STREAM);
    const int yes = 1;
    ::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    with_address(server, options.address, ::bind, "bind");
    checked(::listen(server.get(), 1), "listen");
    Ends ends{open_socket(options.from, SOCK_STREAM), Fd()};
    with_address(ends.sender, options.address, ::connect, "connect");
    ends.receiver = Fd(
        checked(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK), "accept"));
    return ends;
}

Ends open_udp(const FlowOptions& options) {
    Ends ends{open_socket(options.from, SOCK_DGRAM), open_socket(options.to, SOCK_DGRAM)};
    // What gets through must not be lost behind that.
    const int room = 64 << 20, segment = datagram;
    ::setsockopt(ends.receiver.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    with_address(ends.receiver, options.address, ::bind, "bind");
    with_address(ends.sender, options.address, ::connect, "connect");
    checked(::setsockopt(ends.sender.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof segment),
            "send datagrams together");
    return ends;
}

class Measurement {
public:
    explicit Measurement(const FlowOptions& options)
        : options_(options), ends_(options.udp ? open_udp(options) : open_tcp(options)) {}

    Flow run() {
        const auto begin = Clock::now();
        for (auto last = begin; last - begin < options_.duration;) {
            send(last - begin);
            receive();
            wait();
            const auto now = Clock::now();
            note_pause(now - last);
            last = now;
        }
        flow_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        return flow_;
    }

private:
    void send(Clock::duration elapsed) {
        if (!options_.udp) {
            while (send_some(buffer_.size())) {
            }
            return;
        }
        // What was missed in a pause is made up for, little by little: the receiver has its turn.
        const auto due =
            std::min(sent_ + options_.offered / 20,
                     static_cast<std::uint64_t>(static_cast<double>(options_.offered) *
                                                std::chrono::duration<double>(elapsed).count()));
        while (sent_ < due) {
            const std::size_t size =
                std::clamp<std::size_t>((due - sent_) / datagram, 1, most_datagrams) * datagram;
            if (!send_some(size)) return;
            sent_ += size;
        }
    }
    bool send_some(std::size_t size) {
        return ::send(ends_.sender.get(), buffer_.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    }
    void receive() {
        // As long as it takes: what waits in the socket has come through.
        for (ssize_t size; (size = ::recv(ends_.receiver.get(), buffer_.data(), buffer_.size(),
                                          MSG_DONTWAIT)) > 0;)
            flow_.bytes += static_cast<std::uint64_t>(size);
    }
    void wait() {
        pollfd ends[] = {{.fd = ends_.receiver.get(), .events = POLLIN, .revents = 0},
                         {.fd = ends_.sender.get(),
                          .events = static_cast<short>(options_.udp ? 0 : POLLOUT),
                          .revents = 0}};
        ::poll(ends, 2, static_cast<int>(turn.count()));
    }
    void note_pause(Clock::duration pause) {
        flow_.longest_pause = std::max(
            flow_.longest_pause, std::chrono::duration_cast<std::chrono::milliseconds>(pause));
    }

    const FlowOptions& options_;
    Ends ends_;
    std::vector<char> buffer_ = std::vector<char>(most_datagrams * datagram);
    std::uint64_t sent_ = 0;
    Flow flow_;
};

}  // namespace

Flow measure_flow(const FlowOptions& options) {
    return Measurement(options).run();
}

}  // namespace cni::test
