#include "message6.h"

namespace cni::dhcp {
namespace {

constexpr std::uint16_t duid_ll = 3, duid_uuid = 4, duid_ethernet = 1;

}  // namespace

Parsed<Options6> parse_options6(View bytes) {
    Options6 options;
    Reader reader(bytes);
    while (!reader.empty()) {
        const std::uint16_t code = reader.u16();
        const View value = reader.bytes(reader.u16());
        if (reader.failed()) return Malformed{"an option that is cut off"};
        options.push_back({code, to_bytes(value)});
    }
    return options;
}

Parsed<Message6> parse_message6(View payload) {
    Reader reader(payload);
    const std::uint32_t head = reader.u32();
    if (reader.failed()) return Malformed{"shorter than a message"};
    const std::uint32_t type = head >> 24;
    if (type < static_cast<std::uint32_t>(Type6::solicit) ||
        type > static_cast<std::uint32_t>(Type6::decline))
        return Malformed{"of a type that is not for clients"};
    auto options = parse_options6(reader.rest());
    if (const auto* malformed = std::get_if<Malformed>(&options)) return *malformed;
    return Message6{static_cast<Type6>(type), head & 0xffffff,
                    std::get<Options6>(std::move(options))};
}

Bytes encode(const Options6& options) {
    Bytes out;
    for (const auto& [code, value] : options) {
        put_u16(out, code);
        put_u16(out, value.size());
        put(out, value);
    }
    return out;
}

Bytes encode(const Message6& message) {
    Bytes out;
    put_u32(out, std::uint32_t{static_cast<std::uint8_t>(message.type)} << 24 |
                     (message.transaction & 0xffffff));
    put(out, encode(message.options));
    return out;
}

Bytes duid_of(const Mac& mac) {
    Bytes duid;
    put_u16(duid, duid_ll);
    put_u16(duid, duid_ethernet);
    put(duid, mac.bytes);
    return duid;
}

Bytes duid_of(const std::array<std::uint8_t, 16>& uuid) {
    Bytes duid;
    put_u16(duid, duid_uuid);
    put(duid, uuid);
    return duid;
}

Ip all_servers6() {
    return Ip::parse("ff02::1:2").value();
}

}  // namespace cni::dhcp
