#include "listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "base/state_dir.h"
#include "cni/args.h"

namespace cni::dhcp {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
constexpr int backlog = 128;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Code::invalid_config, cat("the path of a socket is too long: ", path));
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

Fd make_socket() {
    return Fd(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                      "open a socket for plugins"));
}

bool has_listener(const std::string& path) {
    const sockaddr_un address = address_of(path);
    const Fd probe = make_socket();
    return ::connect(probe.get(), as_sockaddr(address), sizeof address) == 0 || errno == EAGAIN;
}

int option_of(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Fd passed_socket() {
    const auto pid = parse_int<pid_t>(environment_variable("LISTEN_PID"));
    const auto count = parse_int<int>(environment_variable("LISTEN_FDS"));
    if (pid != ::getpid() || count.value_or(0) == 0) return {};
    if (*count != 1)
        throw Error(Code::invalid_environment,
                    cat("Too many (", *count, ") FDs passed through socket activation"));
    Fd socket(first_passed);
    if (option_of(first_passed, SO_DOMAIN) != AF_UNIX ||
        option_of(first_passed, SO_TYPE) != SOCK_STREAM ||
        option_of(first_passed, SO_ACCEPTCONN) != 1)
        throw Error(Code::invalid_environment,
                    "what was passed through socket activation is no stream socket that listens");
    checked(::fcntl(first_passed, F_SETFD, FD_CLOEXEC), "keep the socket from other programs");
    checked(::fcntl(first_passed, F_SETFL, O_NONBLOCK), "use the socket without waiting");
    return socket;
}

void Listener::require_none(const std::string& path) {
    if (has_listener(path))
        throw SysError(cat("listen at ", path), EADDRINUSE,
                       "another DHCP daemon serves plugins there");
}

// It gets its name when it listens already: who finds it can call.
Listener::Listener(std::string path) : path_(std::move(path)), socket_(make_socket()) {
    const std::string temporary = cat(path_, ".new");
    const sockaddr_un address = address_of(temporary);
    open_state_dir(parent_of(path_), Holds::directories, 0700);
    require_none(path_);
    ::unlink(temporary.c_str());
    const mode_t mask = ::umask(0177);
    const int rc = ::bind(socket_.get(), as_sockaddr(address), sizeof address);
    const int error = errno;
    ::umask(mask);
    if (rc < 0) throw SysError(cat("make the socket ", temporary), error);
    checked(::listen(socket_.get(), backlog), "listen at ", path_);
    struct stat status {};
    checked(::stat(temporary.c_str(), &status), "stat ", temporary);
    device_ = status.st_dev;
    inode_ = status.st_ino;
    checked(::rename(temporary.c_str(), path_.c_str()), "rename a socket to ", path_);
}

Listener::~Listener() {
    struct stat status {};
    if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
        ::unlink(path_.c_str());
}

}  // namespace cni::dhcp
