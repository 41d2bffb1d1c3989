#include "netlink/nl_message.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>
#include <new>

namespace cni {

NlMessage::NlMessage(int type, int flags)
    : msg_(nlmsg_alloc_simple(type, NLM_F_REQUEST | flags)) {
    if (!msg_) throw std::bad_alloc();
}

NlMessage& NlMessage::put(int attribute, const void* data, std::size_t size) {
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
    if (nlmsg_append(msg_.get(), const_cast<void*>(data), size, NLMSG_ALIGNTO) < 0)
        throw std::bad_alloc();
}

nlattr* NlMessage::begin_nest(int attribute) {
    nlattr* start = nla_nest_start(msg_.get(), attribute | NLA_F_NESTED);
    if (!start) throw std::bad_alloc();
    return start;
}

void NlMessage::end_nest(nlattr* start) {
    nla_nest_end_keep_empty(msg_.get(), start);
}

}  // namespace cni
