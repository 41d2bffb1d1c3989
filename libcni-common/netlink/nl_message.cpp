#include "netlink/nl_message.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>
#include <new>

namespace cni {
namespace {

// Batches may have tens of thousands of messages, of some 300 bytes each; libnl begins with a page.
constexpr std::size_t first_size = 512;

}  // namespace

NlMessage::NlMessage(int type, int flags) : msg_(nlmsg_alloc_size(first_size)) {
    if (!msg_ || !nlmsg_put(msg_.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, NLM_F_REQUEST | flags))
        throw std::bad_alloc();
}

NlMessage& NlMessage::put(int attribute, const void* data, std::size_t size) {
    reserve(size);
    if (nla_put(msg_.get(), attribute, static_cast<int>(size), data) < 0) throw std::bad_alloc();
    return *this;
}

NlMessage& NlMessage::put_be16(int attribute, std::uint16_t v) {
    return put_u16(attribute, htons(v));
}

NlMessage& NlMessage::put_be32(int attribute, std::uint32_t v) {
    return put_u32(attribute, htonl(v));
}

NlMessage& NlMessage::put_be64(int attribute, std::uint64_t v) {
    const std::uint64_t big = htobe64(v);
    return put(attribute, &big, sizeof big);
}

NlMessage& NlMessage::put_string(int attribute, const std::string& text) {
    return put(attribute, text.c_str(), text.size() + 1);
}

std::span<const std::uint8_t> NlMessage::bytes() const {
    return {reinterpret_cast<const std::uint8_t*>(raw()), raw()->nlmsg_len};
}

void NlMessage::append(const void* data, std::size_t size) {
    reserve(size);
    if (nlmsg_append(msg_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0)
        throw std::bad_alloc();
}

void NlMessage::reserve(std::size_t size) {
    constexpr std::size_t headers = 2 * (std::size_t{NLA_HDRLEN} + NLMSG_ALIGNTO);
    const std::size_t needed = raw()->nlmsg_len + size + headers;
    if (needed <= nlmsg_get_max_size(msg_.get())) return;
    if (nlmsg_expand(msg_.get(), 2 * needed) < 0) throw std::bad_alloc();
}

std::size_t NlMessage::begin_nest(int attribute) {
    reserve(0);
    const nlattr* start = nla_nest_start(msg_.get(), attribute | NLA_F_NESTED);
    if (!start) throw std::bad_alloc();
    return static_cast<std::size_t>(reinterpret_cast<const char*>(start) -
                                    reinterpret_cast<const char*>(raw()));
}

void NlMessage::end_nest(std::size_t start) {
    nla_nest_end_keep_empty(msg_.get(),
                            reinterpret_cast<nlattr*>(reinterpret_cast<char*>(raw()) + start));
}

}  // namespace cni
