#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include "datagram.h"

namespace cni::floor {

/// A netlink socket in the network namespace of the moment; open until the process ends.
class Socket {
public:
    /// Hears what is told to `groups` (RTMGRP_*).
    explicit Socket(int protocol, unsigned groups = 0);

    int fd() const { return fd_; }

    /// The kernel has done it all when it returns true; false when it has refused something with
    /// the errno `tolerated`.
    bool send(const Datagram& datagram, std::string_view act, int tolerated = 0) const {
        return send(datagram, act, tolerated, [](const nlmsghdr*) {});
    }
    /// `visit` is given what it answers besides errors.
    template <typename F>
    bool send(const Datagram& datagram, std::string_view act, int tolerated, F&& visit) const {
        if (::send(fd_, datagram.data(), datagram.size(), 0) < 0) fail(act);
        bool is_done = true;
        const auto read = [&](const nlmsghdr* message) {
            if (message->nlmsg_type != NLMSG_ERROR) return visit(message);
            const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
            if (error != 0 && error != tolerated) fail(act, error);
            is_done = is_done && error == 0;
        };
        // It answers before send(2) returns, and without NLM_F_ACK only what it refuses.
        while (receive(MSG_DONTWAIT, read)) {
        }
        return is_done;
    }

    /// Gives `visit` the messages of one datagram. False when there is none and `flags` are
    /// MSG_DONTWAIT.
    template <typename F>
    bool receive(int flags, F&& visit) const {
        alignas(nlmsghdr) char buffer[8192];
        const ssize_t size = ::recv(fd_, buffer, sizeof buffer, flags);
        if (size < 0 && errno == EAGAIN) return false;
        auto left = static_cast<unsigned>(checked(static_cast<int>(size), "receive"));
        for (const auto* message = reinterpret_cast<const nlmsghdr*>(buffer);
             NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
            visit(message);
        return true;
    }

    /// 0 without.
    int index_of(const char* link) const;
    /// Has the kernel take notice of the link's carrier, which it does within a second otherwise:
    /// what is sent until then is dropped.
    void settle(const char* link) const;

private:
    int fd_;
};

}  // namespace cni::floor
