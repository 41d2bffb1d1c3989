#pragma once

#include <sys/types.h>

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
    /// Device and inode, which no other namespace has while this one is open. Throws SysError.
    std::pair<dev_t, ino_t> identity() const;
    bool is_same(const Netns& other) const { return identity() == other.identity(); }

    /// Calls `body` inside the namespace and comes home, also when it throws. Throws SysError, at
    /// home, when either way is forbidden. Failing to come home again and again all the same
    /// aborts: going on would change another network. setns(2) is per thread.
    template <typename F>
    decltype(auto) run(F&& body) const;

private:
    friend class NetnsTour;
    /// `what` is how a message calls it.
    void enter(const std::string& what) const;
    /// From this one, which is the thread's.
    void go_to(const Netns& there) const;
    void return_to() const noexcept;
    Netns(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Fd fd_;
    std::string path_;
};

/// Visits namespaces one after the other and comes home once, when it ends: a third of the way for
/// who opens a socket in each of many. In between the thread is still where it was last: all that
/// belongs at home has to be open before.
class NetnsTour {
public:
    NetnsTour() = default;
    NetnsTour(const NetnsTour&) = delete;
    NetnsTour& operator=(const NetnsTour&) = delete;
    ~NetnsTour() {
        if (is_away_) home_.return_to();
    }

    /// Calls `body` inside the namespace. Throws SysError when it may not be entered, or left: then
    /// the thread is where it was.
    template <typename F>
    decltype(auto) visit(const Netns& there, F&& body) {
        go_to(there);
        return std::forward<F>(body)();
    }

private:
    void go_to(const Netns& there);

    const Netns home_ = Netns::current();
    bool is_away_ = false;
};

template <typename F>
decltype(auto) Netns::run(F&& body) const {
    NetnsTour tour;
    return tour.visit(*this, std::forward<F>(body));
}

/// Whether two paths lead to the same network namespace: the same text does, and what is the same
/// file (/run and /var/run, /proc/1/ns/net). Where one leads nowhere, only its text is compared;
/// "" is the path of none.
bool is_same_netns(const std::string& path, const std::string& other);

/// What tells the network namespace that a socket is in from all others of this boot, those that
/// are gone included: inode numbers are given anew. 0 before Linux 5.14. Throws SysError.
std::uint64_t netns_cookie(int socket);

}  // namespace cni
