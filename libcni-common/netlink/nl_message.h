#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cni {

template <auto free_fn>
struct Deleter {
    template <typename T>
    void operator()(T* p) const {
        free_fn(p);
    }
};
/// An owned object of a C library.
template <typename T, auto free_fn>
using Handle = std::unique_ptr<T, Deleter<free_fn>>;

/// One netlink message under construction. Attribute order is the order of the calls.
/// Throws std::bad_alloc when memory runs out.
///
/// All messages of links, addresses, routes and netfilter are written with it, attribute by
/// attribute, as the kernel's headers list them. libnl-route has objects for some of them, but it
/// refuses prefixes of length 0, is made for lists of all there is, which it keeps, and is one more
/// library to load in each of these short processes. It serves the tests, as a reader that had no
/// part in the writing.
class NlMessage {
public:
    /// `type` and `flags` of nlmsghdr; NLM_F_REQUEST is added.
    NlMessage(int type, int flags);

    /// Appends the protocol's fixed header (ifinfomsg, nfgenmsg, ...). First call after
    /// construction.
    template <typename Header>
    NlMessage& header(const Header& h) {
        append(&h, sizeof h);
        return *this;
    }
    NlMessage& put(int attribute, const void* data, std::size_t size);
    NlMessage& put(int attribute, std::span<const std::uint8_t> data) {
        return put(attribute, data.data(), data.size());
    }
    NlMessage& put_u8(int attribute, std::uint8_t v) { return put(attribute, &v, sizeof v); }
    NlMessage& put_u16(int attribute, std::uint16_t v) { return put(attribute, &v, sizeof v); }
    NlMessage& put_u32(int attribute, std::uint32_t v) { return put(attribute, &v, sizeof v); }
    /// Network byte order, as nf_tables and conntrack want it.
    NlMessage& put_be16(int attribute, std::uint16_t v);
    NlMessage& put_be32(int attribute, std::uint32_t v);
    NlMessage& put_be64(int attribute, std::uint64_t v);
    /// With the terminating zero, which the kernel wants of names (NLA_NUL_STRING).
    NlMessage& put_string(int attribute, const std::string& text);

    /// A nested attribute (NLA_F_NESTED set) around what `body` puts; kept when empty.
    template <typename F>
    NlMessage& nest(int attribute, F&& body) {
        const std::size_t start = begin_nest(attribute);
        body();
        end_nest(start);
        return *this;
    }

    nlmsghdr* raw() const { return nlmsg_hdr(msg_.get()); }
    std::span<const std::uint8_t> bytes() const;

private:
    void append(const void* data, std::size_t size);
    // Nests are remembered by their place: a message that grows moves.
    std::size_t begin_nest(int attribute);
    void end_nest(std::size_t start);
    void reserve(std::size_t size);
    Handle<nl_msg, nlmsg_free> msg_;
};

/// Parsed attributes of a message or of a nest, by number; borrowed from the message.
/// Short or foreign attributes read as absent, so hostile replies cannot overrun.
template <int max>
class NlAttributes {
public:
    NlAttributes(const nlattr* first, int length) {
        nla_parse(table_, max, const_cast<nlattr*>(first), length, nullptr);
    }
    /// Those of a nest; none where `nest` is null.
    explicit NlAttributes(const nlattr* nest)
        : NlAttributes(nest ? static_cast<const nlattr*>(nla_data(nest)) : nullptr,
                       nest ? nla_len(nest) : 0) {}
    /// The attributes behind a fixed header of `header_size` bytes.
    NlAttributes(const nlmsghdr* message, std::size_t header_size)
        : NlAttributes(nlmsg_attrdata(message, static_cast<int>(header_size)),
                       nlmsg_attrlen(message, static_cast<int>(header_size))) {}

    const nlattr* operator[](int attribute) const { return table_[attribute]; }
    template <typename T>
    const T* get(int attribute) const {
        // linux/netlink.h, NLA_ALIGNTO: what is wider may lie anywhere.
        static_assert(alignof(T) <= NLA_ALIGNTO, "get_or() reads values of 64 bits");
        const nlattr* a = table_[attribute];
        if (!a || nla_len(a) < static_cast<int>(sizeof(T))) return nullptr;
        return static_cast<const T*>(nla_data(a));
    }
    template <typename T>
    T get_or(int attribute, T otherwise) const {
        const std::span<const std::uint8_t> value = bytes(attribute);
        if (value.size() >= sizeof otherwise)
            std::memcpy(&otherwise, value.data(), sizeof otherwise);
        return otherwise;
    }
    /// Up to the first zero byte; empty when absent.
    std::string_view string(int attribute) const {
        const nlattr* a = table_[attribute];
        if (!a) return {};
        const std::string_view text(static_cast<const char*>(nla_data(a)),
                                    static_cast<std::size_t>(nla_len(a)));
        return text.substr(0, text.find('\0'));
    }
    std::span<const std::uint8_t> bytes(int attribute) const {
        const nlattr* a = table_[attribute];
        if (!a) return {};
        return {static_cast<const std::uint8_t*>(nla_data(a)),
                static_cast<std::size_t>(nla_len(a))};
    }

private:
    nlattr* table_[max + 1] = {};
};

}  // namespace cni
