#pragma once

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "ipam/dhcp/protocol/message4.h"
#include "sys/netns.h"

namespace cni::test {

/// What a server has seen, for the test to wait for. `Seen` has a message of a type.
template <typename Seen, typename Type>
class Log {
public:
    void add(const Seen& seen) {
        {
            const std::lock_guard lock(mutex_);
            seen_.push_back(seen);
        }
        news_.notify_all();
    }
    /// The first message, of those that no earlier call was told of or passed over, that is of this
    /// type. Throws Error when none comes in 15 seconds.
    Seen await(Type type) {
        std::unique_lock lock(mutex_);
        for (;;) {
            while (next_ < seen_.size())
                if (seen_[next_++].type() == type) return seen_[next_ - 1];
            if (news_.wait_for(lock, std::chrono::seconds(15)) == std::cv_status::timeout)
                throw Error(Code::internal, cat("no message of type ", static_cast<int>(type)));
        }
    }
    /// How many of a type have come so far.
    std::size_t count(Type type) {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const Seen& seen : seen_) count += seen.type() == type ? 1 : 0;
        return count;
    }

private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<Seen> seen_;
    std::size_t next_ = 0;  ///< for await()
};

/// Calls `receive` when something waits at a socket, in a thread of its own, as long as it lives.
class Serving {
public:
    Serving(const Fd& socket, std::function<void()> receive) : stop_(::eventfd(0, EFD_CLOEXEC)) {
        thread_ = std::thread([this, fd = socket.get(), receive = std::move(receive)] {
            pollfd waits[] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
            while (::poll(waits, 2, -1) > 0 && waits[1].revents == 0) receive();
        });
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;
    ~Serving() {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }

private:
    Fd stop_;
    std::thread thread_;
};

/// A DHCP server that does what a test wants, right or wrong. It gives one address, to whoever
/// asks.
class FakeServer {
public:
    /// What it does, from now on.
    struct Script {
        Prefix address{*Ip::parse("10.1.2.50"), 24};
        std::uint32_t lease = 3600, renew = 0, rebind = 0;  ///< seconds; 0: it does not say
        bool is_silent = false;
        bool refuses = false;                    ///< answers REQUEST by NAK
        bool has_other_port = false;             ///< answers from port 6767
        dhcp::Options4 options = router_only();  ///< besides those of the protocol
    };
    /// What has come, and whence.
    struct Seen {
        dhcp::Message4 message;
        Ip source;
        bool was_broadcast = false;
        std::optional<dhcp::Type4> type() const { return message.type(); }
    };

    FakeServer(const Netns& netns, const std::string& ifname)
        : socket_(netns.run([&] { return open(ifname, 67); })),
          other_socket_(netns.run([&] { return open(ifname, 6767); })),
          serving_(socket_, [this] { receive(); }) {}

    static dhcp::Options4 router_only() { return {{dhcp::option4::routers, {10, 1, 2, 1}}}; }

    void set(const Script& script) {
        const std::lock_guard lock(mutex_);
        script_ = script;
    }
    /// See Log.
    Seen await(dhcp::Type4 type) { return log_.await(type); }
    std::size_t count(dhcp::Type4 type) { return log_.count(type); }

private:
    static Fd open(const std::string& ifname, std::uint16_t port) {
        Fd socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        const int on = 1;
        for (const auto& [level, option] :
             {std::pair{SOL_SOCKET, SO_BROADCAST}, {IPPROTO_IP, IP_PKTINFO}})
            checked(::setsockopt(socket.get(), level, option, &on, sizeof on), "setsockopt");
        checked(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, ifname.c_str(),
                             static_cast<socklen_t>(ifname.size() + 1)),
                "bind to ", ifname);
        const sockaddr_in address = to(INADDR_ANY, port);
        checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind to port ", port);
        return socket;
    }

    static sockaddr_in to(in_addr_t ip, std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = ip;
        return address;
    }

    void receive() {
        std::uint8_t buffer[2048];
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))];
        sockaddr_in from{};
        iovec piece{buffer, sizeof buffer};
        msghdr header{};
        header.msg_name = &from;
        header.msg_namelen = sizeof from;
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT);
        if (size < 0) return;
        const auto parsed =
            dhcp::parse_message4(dhcp::View(buffer, static_cast<std::size_t>(size)));
        const auto* message = std::get_if<dhcp::Message4>(&parsed);
        if (!message) return;
        in_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof info);
        take({.message = *message,
              .source = Ip::from_bytes(Family::v4, &from.sin_addr),
              .was_broadcast = info.ipi_addr.s_addr == INADDR_BROADCAST});
    }

    void take(const Seen& seen) {
        std::optional<dhcp::Message4> reply;
        int socket = socket_.get();
        {
            const std::lock_guard lock(mutex_);
            reply = answer(seen.message);
            if (script_.has_other_port) socket = other_socket_.get();
        }
        log_.add(seen);
        if (!reply) return;
        in_addr_t ip = INADDR_BROADCAST;
        if (!seen.source.is_any()) std::memcpy(&ip, seen.source.data(), sizeof ip);
        const sockaddr_in address = to(ip, 68);
        const dhcp::Bytes bytes = dhcp::encode(*reply);
        ::sendto(socket, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                 sizeof address);
    }

    std::optional<dhcp::Message4> answer(const dhcp::Message4& message) const {
        using dhcp::Type4;
        const bool is_request = message.type() == Type4::request;
        if (script_.is_silent || (!is_request && message.type() != Type4::discover)) return {};
        dhcp::Message4 reply;
        reply.is_reply = true;
        reply.xid = message.xid;
        reply.mac = message.mac;
        const Type4 type = !is_request ? Type4::offer : script_.refuses ? Type4::nak : Type4::ack;
        reply.options[dhcp::option4::message_type] = {static_cast<std::uint8_t>(type)};
        reply.options[dhcp::option4::server_id] = {10, 1, 2, 1};
        if (type == Type4::nak) return reply;
        reply.yours = script_.address.ip;
        put(reply, dhcp::option4::lease_time, script_.lease);
        if (script_.renew) put(reply, dhcp::option4::renewal_time, script_.renew);
        if (script_.rebind) put(reply, dhcp::option4::rebinding_time, script_.rebind);
        if (script_.address.length != 0) {
            const Ip mask = Ip::any(Family::v4).filled(0).masked(script_.address.length);
            reply.options[dhcp::option4::subnet_mask] = dhcp::to_bytes(mask);
        }
        for (const auto& [code, value] : script_.options) reply.options[code] = value;
        return reply;
    }

    static void put(dhcp::Message4& message, std::uint8_t code, std::uint32_t value) {
        dhcp::put_u32(message.options[code], value);
    }

    std::mutex mutex_;
    Script script_;
    Log<Seen, dhcp::Type4> log_;
    Fd socket_, other_socket_;
    Serving serving_;  ///< ends first
};

}  // namespace cni::test
