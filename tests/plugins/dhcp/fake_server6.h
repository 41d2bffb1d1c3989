#pragma once

#include "fake_server.h"
#include "ipam/dhcp/protocol/message6.h"
#include "ipam/dhcp/protocol/options6.h"

namespace cni::test {

/// The same for IPv6.
class FakeServer6 {
public:
    /// What it does, from now on.
    struct Script {
        Ip address = *Ip::parse("fd00:1:2::50");
        std::uint32_t preferred = 3600, valid = 7200, renew = 0, rebind = 0;  ///< seconds
        bool is_silent = false;
        bool takes_rapid_commit = true;
        dhcp::Options6 options = {};  ///< besides those of the protocol
    };
    struct Seen {
        dhcp::Message6 message;
        Ip source;
        dhcp::Type6 type() const { return message.type; }
        /// The address in its IA_NA; :: when there is none.
        Ip address() const {
            const dhcp::Bytes* ia = find(message.options, dhcp::option6::ia_na);
            dhcp::Reader reader(ia ? dhcp::View(*ia) : dhcp::View());
            reader.bytes(12 + 4);
            return reader.ip(Family::v6);
        }
    };

    FakeServer6(const Netns& netns, const std::string& ifname)
        : socket_(netns.run([&] { return open(ifname); })),
          serving_(socket_, [this] { receive(); }) {}

    void set(const Script& script) {
        const std::lock_guard lock(mutex_);
        script_ = script;
    }
    /// See Log.
    Seen await(dhcp::Type6 type) { return log_.await(type); }
    std::size_t count(dhcp::Type6 type) { return log_.count(type); }

private:
    static Fd open(const std::string& ifname) {
        Fd socket(checked(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
        checked(::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, ifname.c_str(),
                             static_cast<socklen_t>(ifname.size() + 1)),
                "bind to ", ifname);
        ipv6_mreq group{};
        std::memcpy(&group.ipv6mr_multiaddr, dhcp::all_servers6().data(), 16);
        group.ipv6mr_interface = ::if_nametoindex(ifname.c_str());
        checked(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof group),
                "join the group of servers");
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(dhcp::server_port6);
        checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "bind to port 547");
        return socket;
    }

    void receive() {
        std::uint8_t buffer[2048];
        sockaddr_in6 from{};
        socklen_t size_of_from = sizeof from;
        const ssize_t size = ::recvfrom(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT,
                                        reinterpret_cast<sockaddr*>(&from), &size_of_from);
        if (size < 0) return;
        const auto parsed =
            dhcp::parse_message6(dhcp::View(buffer, static_cast<std::size_t>(size)));
        const auto* message = std::get_if<dhcp::Message6>(&parsed);
        if (!message) return;
        const auto reply = answer(*message);
        log_.add({*message, Ip::from_bytes(Family::v6, &from.sin6_addr)});
        if (!reply) return;
        // Wherever the question came from: RFC 8415, 7.2.
        from.sin6_port = htons(dhcp::client_port6);
        const dhcp::Bytes bytes = dhcp::encode(*reply);
        ::sendto(socket_.get(), bytes.data(), bytes.size(), 0,
                 reinterpret_cast<const sockaddr*>(&from), sizeof from);
    }

    std::optional<dhcp::Message6> answer(const dhcp::Message6& message) {
        using dhcp::Type6;
        namespace option6 = dhcp::option6;
        const std::lock_guard lock(mutex_);
        if (script_.is_silent) return {};
        dhcp::Message6 reply{Type6::reply, message.transaction};
        reply.options = {{option6::client_id, *find(message.options, option6::client_id)},
                         {option6::server_id, {0, 3, 0, 1, 2, 0, 0, 0, 0, 9}}};
        if (message.type == Type6::release || message.type == Type6::decline) return reply;
        if (message.type == Type6::confirm) {
            reply.options.push_back({option6::status_code, {0, 0}});
            return reply;
        }
        if (message.type == Type6::solicit) {
            if (script_.takes_rapid_commit)
                reply.options.push_back({option6::rapid_commit});
            else
                reply.type = Type6::advertise;
        }
        reply.options.push_back(lease_for(*find(message.options, option6::ia_na)));
        reply.options.insert(reply.options.end(), script_.options.begin(), script_.options.end());
        return reply;
    }

    dhcp::Option6 lease_for(const dhcp::Bytes& ia) const {
        dhcp::Option6 address{dhcp::option6::ia_address, dhcp::to_bytes(script_.address)};
        dhcp::put_u32(address.value, script_.preferred);
        dhcp::put_u32(address.value, script_.valid);
        dhcp::Option6 lease{dhcp::option6::ia_na, {ia.begin(), ia.begin() + 4}};
        dhcp::put_u32(lease.value, script_.renew);
        dhcp::put_u32(lease.value, script_.rebind);
        dhcp::put(lease.value, dhcp::encode(dhcp::Options6{address}));
        return lease;
    }

    std::mutex mutex_;
    Script script_;
    Log<Seen, dhcp::Type6> log_;
    Fd socket_;
    Serving serving_;  ///< ends first
};

}  // namespace cni::test
