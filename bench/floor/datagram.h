#pragma once

#include <arpa/inet.h>
#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "output.h"

namespace cni::floor {

/// In network byte order, or back.
inline std::uint32_t big(std::uint32_t number) {
    return ::htonl(number);
}

/// Netlink messages under construction, to be sent at once.
class Datagram {
public:
    /// A message and its fixed header; attributes follow.
    template <typename Header>
    Datagram& message(int type, int flags, const Header& header) {
        message_ = size_;
        nlmsghdr head{};
        head.nlmsg_type = static_cast<std::uint16_t>(type);
        head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        return append(head).append(header);
    }
    template <typename T>
    Datagram& append(const T& object) {
        return append(&object, sizeof object);
    }

    Datagram& put(int attribute, const void* data, std::size_t size) {
        const nlattr head{static_cast<std::uint16_t>(NLA_HDRLEN + size),
                          static_cast<std::uint16_t>(attribute)};
        return append(head).append(data, size);
    }
    template <typename T>
    Datagram& put(int attribute, const T& value) {
        return put(attribute, &value, sizeof value);
    }
    Datagram& put_u32(int attribute, std::uint32_t value) { return put(attribute, value); }
    Datagram& put_be32(int attribute, std::uint32_t value) { return put(attribute, big(value)); }
    Datagram& put_text(int attribute, std::string_view text) {
        char terminated[256] = {};
        if (text.size() >= sizeof terminated) fail("have room for a name", ENOBUFS);
        std::memcpy(terminated, text.data(), text.size());
        return put(attribute, terminated, text.size() + 1);
    }
    /// An attribute around what `body` puts.
    template <typename F>
    Datagram& nest(int attribute, F&& body) {
        const std::size_t start = size_;
        put(attribute | NLA_F_NESTED, nullptr, 0);
        body();
        reinterpret_cast<nlattr*>(bytes_ + start)->nla_len =
            static_cast<std::uint16_t>(size_ - start);
        return *this;
    }

    const void* data() const { return bytes_; }
    std::size_t size() const { return size_; }

private:
    Datagram& append(const void* data, std::size_t size) {
        if (NLMSG_ALIGN(size) > sizeof bytes_ - size_) fail("have room for messages", ENOBUFS);
        if (size) std::memcpy(bytes_ + size_, data, size);
        size_ += NLMSG_ALIGN(size);
        reinterpret_cast<nlmsghdr*>(bytes_ + message_)->nlmsg_len =
            static_cast<std::uint32_t>(size_ - message_);
        return *this;
    }

    alignas(nlmsghdr) unsigned char bytes_[4096] = {};
    std::size_t size_ = 0, message_ = 0;
};

}  // namespace cni::floor
