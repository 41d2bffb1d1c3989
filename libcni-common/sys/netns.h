#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/fd.h"

namespace cni {

/// An open network namespace: a place to run something in, never a state that is set.
class Netns {
public:
    /// The namespace of the calling thread.
    static Netns current();
    /// Opens a path such as /run/netns/x or /proc/1/ns/net. Throws Error(invalid_netns) when it is
    /// missing or not a network namespace.
    static Netns open(const std::string& path);
    /// Like open; nullopt when `path` is empty, nothing is there any more, or what is there is no
    /// namespace of any kind: the file or directory that is left where one was mounted, say.
    static std::optional<Netns> find(const std::string& path);

    int fd() const { return fd_.get(); }
    /// As given to open.
    const std::string& path() const { return path_; }
    bool is_same(const Netns& other) const;

    /// Calls `body` inside the namespace and comes home, also when it throws. Throws SysError, at
    /// home, when either way is forbidden. Failing to come home again and again all the same
    /// aborts: going on would change another network. setns(2) is per thread.
    template <typename F>
    decltype(auto) run(F&& body) const;

private:
    /// `what` is how a message calls it.
    void enter(const std::string& what) const;
    /// From this one, which is the thread's.
    void go_to(const Netns& there) const;
    void return_to() const noexcept;
    Netns(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Fd fd_;
    std::string path_;
};

template <typename F>
decltype(auto) Netns::run(F&& body) const {
    struct Visit {
        explicit Visit(const Netns& there) { home.go_to(there); }
        ~Visit() { home.return_to(); }
        const Netns home = Netns::current();
    };
    const Visit visit(*this);
    return std::forward<F>(body)();
}

/// Whether two paths lead to the same network namespace: the same text does, and what is the same
/// file (/run and /var/run, /proc/1/ns/net). Where one leads nowhere, only its text is compared;
/// "" is the path of none.
bool is_same_netns(const std::string& path, const std::string& other);

/// What tells the network namespace that a socket is in from all others of this boot, those that
/// are gone included: inode numbers are given anew. 0 before Linux 5.14. Throws SysError.
std::uint64_t netns_cookie(int socket);

}  // namespace cni
