#include "client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstring>

#include "rpc/transfer.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// As the reference plugin words them.
std::string act_of_dialing(const std::string& path) {
    return cat("error dialing DHCP daemon: dial unix ", path, ": connect");
}

bool is_nobody(int error) {
    return error == ENOENT || error == ENOTDIR || error == ECONNREFUSED || error == ENOTSOCK ||
           error == EPROTOTYPE;
}

Fd dial(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Code::invalid_config, cat("the path of a socket is too long: ", path),
                    "key \"ipam.daemonSocketPath\"");
    std::memcpy(address.sun_path, path.data(), path.size());
    Fd socket(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "open a socket"));
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int rc;
    do rc = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 && is_nobody(errno))
        throw NoDaemon(Code::try_again_later, cat(act_of_dialing(path), ": ", errno_text(errno)),
                       "the daemon must be running: dhcp daemon");
    checked(rc, act_of_dialing(path));
    return socket;
}

// Whoever answers is told what is in the configuration, and decides about addresses.
void require_trusted(const Fd& socket, const std::string& path) {
    ucred who{};
    socklen_t size = sizeof who;
    checked(::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size), "ask who serves ",
            path);
    if (who.uid == 0 || who.uid == ::geteuid()) return;
    throw NoDaemon(Code::internal,
                   cat("the socket ", path, " is served by user ", who.uid,
                       " and not by the DHCP daemon of this host"),
                   "neither root nor this user listens there");
}

std::string absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    std::array<char, PATH_MAX> directory{};
    if (!::getcwd(directory.data(), directory.size())) return path;
    return cat(directory.data(), path.empty() ? "" : "/", path);
}

Call call_of(std::string_view method, const Request& request) {
    const Args& args = request.args;
    return {.method = std::string(method),
            .sequence = 0,
            .arguments = {.container_id = args.container_id,
                          .netns = args.netns.empty() ? "" : absolute(args.netns),
                          .ifname = args.ifname,
                          .cni_args = args.cni_args,
                          .path = args.path,
                          .config = request.conf.text}};
}

}  // namespace

DaemonConnection::DaemonConnection(const std::string& path) : path_(path), socket_(dial(path)) {
    require_trusted(socket_, path_);
}

void DaemonConnection::set_patience(seconds patience) {
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    checked(::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit),
            "limit the wait for the DHCP daemon");
}

void DaemonConnection::send(std::string_view bytes, seconds patience) const {
    send_all(socket_.get(), bytes, std::chrono::steady_clock::now() + patience,
             cat("the DHCP daemon at ", path_));
}

// Never "": its end is an error.
std::string DaemonConnection::receive() {
    std::array<char, 8192> buffer;
    ssize_t n;
    do n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        throw Error(Code::try_again_later, cat("no answer from the DHCP daemon at ", path_));
    checked(n, "receive from the DHCP daemon at ", path_);
    if (n == 0)
        throw Error(Code::try_again_later,
                    cat("the DHCP daemon at ", path_, " closed the connection"),
                    "it was stopped, or found the call malformed: see its log");
    return {buffer.data(), static_cast<std::size_t>(n)};
}

void DaemonConnection::greet() {
    constexpr seconds patience(5);
    set_patience(patience);
    send(ClientSession::greeting(), patience);
    while (!session_.is_greeted(receive())) {
    }
}

Result DaemonConnection::call(std::string_view method, const Request& request, seconds patience) {
    greet();
    set_patience(patience);
    send(ClientSession::encode(call_of(method, request)), patience);
    for (;;) {
        auto answer = session_.next(receive());
        if (!answer) continue;
        if (answer->error.empty()) return std::move(answer->result);
        throw Refusal(Code::internal, cat("error calling ", method, ": ", answer->error));
    }
}

}  // namespace cni::dhcp
