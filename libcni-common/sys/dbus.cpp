#include "sys/dbus.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstdlib>

#include "base/error.h"

namespace cni::dbus {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view usual_path = "/run/dbus/system_bus_socket";
constexpr std::size_t line_max = 4096;

/// A value of an address, where bytes may stand as "%" and two digits.
std::optional<std::string> unescape(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '%') {
            out += value[i];
            continue;
        }
        const auto code = parse_int<std::uint8_t>(value.substr(i + 1, 2), 16);
        if (!code || *code == 0 || i + 2 >= value.size()) return {};
        out += static_cast<char>(*code);
        i += 2;
    }
    return out;
}

/// nullopt when none of the addresses is that of a socket in a file system.
std::optional<std::string> path_in(std::string_view addresses) {
    constexpr std::string_view transport = "unix:";
    for (const auto address : split(addresses, ';')) {
        if (!address.starts_with(transport)) continue;
        for (const auto pair : split(address.substr(transport.size()), ','))
            if (pair.starts_with("path=")) return unescape(pair.substr(5));
    }
    return {};
}

std::optional<std::string> system_path() {
    const char* addresses = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return addresses && *addresses ? path_in(addresses) : std::string(usual_path);
}

/// There is none, or nobody listens any more.
bool is_absence(int error) {
    return error == ENOENT || error == ENOTDIR || error == ECONNREFUSED;
}

/// Who listens is of another user namespace, in which he may have no number here: the bus of the
/// machine, as a rootless host sees it, is not the bus of that host.
bool is_of_others(const Fd& socket) {
    constexpr uid_t nobody = 65534;
    ucred peer{};
    socklen_t size = sizeof peer;
    checked(::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size),
            "ask whose the bus of the system is");
    return peer.uid == nobody;
}

Error hung(const std::string& path) {
    return Error(Code::try_again_later, cat("the bus of the system at ", path, " does not answer"));
}

/// nullopt when there is none.
std::optional<Fd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return {};
    path.copy(address.sun_path, path.size());
    const std::string act = cat("connect to the bus of the system at ", path);
    Fd socket(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), act));
    // One whose queue is full makes connect(2) wait, for as long as it may take to send.
    const timeval limit{.tv_sec = Bus::patience.count(), .tv_usec = 0};
    checked(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), act);
    int rc;
    do rc = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 && is_absence(errno)) return {};
    if (rc < 0 && errno == EAGAIN)
        throw Error(Code::try_again_later, cat(act, ": ", errno_text(EAGAIN)),
                    "nobody takes what is waiting there");
    checked(rc, act);
    if (is_of_others(socket)) return {};
    return socket;
}

}  // namespace

std::optional<Bus> Bus::find_system() {
    auto path = system_path();
    if (!path) return {};
    auto socket = connect_to(*path);
    if (!socket) return {};
    Bus bus(*std::move(socket), *std::move(path));
    bus.introduce();
    return bus;
}

// The kernel tells the bus who we are: no identity is claimed, which would be another one inside of
// a user namespace. Everything is sent at once; the bus reads on behind its own answers.
void Bus::introduce() {
    const auto end = Clock::now() + patience;
    const Call hello{"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                     "Hello"};
    send(cat('\0', "AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", encode(hello, ++serial_)), end);
    std::string line = take_line(end);
    if (line == "DATA") line = take_line(end);
    if (!line.starts_with("OK "))
        throw Error(Code::io_failure, cat("the bus of the system at ", path_, " refuses us"), line);
    const Answer answer = take_answer(serial_, end);
    if (answer.is_error())
        throw Error(Code::io_failure, cat("the bus of the system at ", path_, " refuses us"),
                    answer.text);
}

Answer Bus::call(const Call& call, std::chrono::seconds limit) {
    const auto end = Clock::now() + limit;
    send(encode(call, ++serial_), end);
    return take_answer(serial_, end);
}

void Bus::wait_for(short events, Clock::time_point end) const {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (left.count() <= 0) throw hung(path_);
    pollfd wanted{.fd = socket_.get(), .events = events, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(left.count())) < 0 && errno != EINTR)
        throw SysError(cat("wait for the bus of the system at ", path_), errno);
}

void Bus::send(std::string_view bytes, Clock::time_point end) {
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN)
            wait_for(POLLOUT, end);
        else if (errno != EINTR)
            throw SysError(cat("send to the bus of the system at ", path_), errno);
    }
}

void Bus::receive_some(Clock::time_point end) {
    char buffer[4096];
    for (;;) {
        wait_for(POLLIN, end);
        const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (size == 0)
            throw Error(Code::io_failure,
                        cat("the bus of the system at ", path_, " has hung up on us"));
        if (size > 0) {
            received_.append(buffer, static_cast<std::size_t>(size));
            return;
        }
        if (errno != EAGAIN && errno != EINTR)
            throw SysError(cat("receive from the bus of the system at ", path_), errno);
    }
}

std::string Bus::take_line(Clock::time_point end) {
    std::size_t size;
    while ((size = received_.find("\r\n")) == received_.npos) {
        if (received_.size() > line_max)
            throw Error(Code::decoding_failure, cat("what listens at ", path_, " is no D-Bus"));
        receive_some(end);
    }
    std::string line = received_.substr(0, size);
    received_.erase(0, size + 2);
    return line;
}

Message Bus::take_message(Clock::time_point end) {
    while (received_.size() < preamble) receive_some(end);
    const std::size_t size = size_of(received_);
    while (received_.size() < size) receive_some(end);
    Message message = parse(std::string_view(received_).substr(0, size));
    received_.erase(0, size);
    return message;
}

// Whatever else comes, signals for instance, is for somebody else.
Answer Bus::take_answer(std::uint32_t serial, Clock::time_point end) {
    for (;;) {
        Message message = take_message(end);
        if (message.reply_to != serial) continue;
        if (message.type == Type::reply) return {{}, std::move(message.text), message.flag};
        if (message.type != Type::error) continue;
        if (message.error_name.empty()) message.error_name = "an error without a name";
        return {std::move(message.error_name), std::move(message.text), {}};
    }
}

}  // namespace cni::dbus
