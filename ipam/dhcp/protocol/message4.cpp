#include "message4.h"

#include <algorithm>

namespace cni::dhcp {
namespace {

constexpr std::uint8_t boot_request = 1, boot_reply = 2, ethernet = 1;
constexpr std::uint16_t broadcast_flag = 0x8000;
constexpr std::uint32_t magic_cookie = 0x63825363;
constexpr std::size_t mac_size = 6, chaddr_size = 16, sname_size = 64, file_size = 128;
constexpr std::size_t least_size = 300;
constexpr std::size_t longest_piece = 255;

/// Appends to what is there: a later option of the same code goes on where the first one ended.
bool collect(View field, Options4& options) {
    Reader reader(field);
    while (!reader.empty()) {
        const std::uint8_t code = reader.u8();
        if (code == option4::pad) continue;
        if (code == option4::end) break;
        const View value = reader.bytes(reader.u8());
        if (reader.failed()) return false;
        put(options[code], value);
    }
    return true;
}

/// In the order of RFC 3396, section 5.
bool collect_all(View field, View file, View sname, Options4& options) {
    if (!collect(field, options)) return false;
    if (const auto overload = options.find(option4::overload); overload != options.end()) {
        constexpr std::uint8_t in_file = 1, in_sname = 2;
        if (overload->second.size() != 1) return false;
        const std::uint8_t where = overload->second[0];
        if (where < in_file || where > (in_file | in_sname)) return false;
        if ((where & in_file) && !collect(file, options)) return false;
        if ((where & in_sname) && !collect(sname, options)) return false;
        options.erase(option4::overload);
    }
    return true;
}

void put_option(Bytes& out, std::uint8_t code, View value) {
    do {
        const View piece = value.first(std::min(value.size(), longest_piece));
        put_u8(out, code);
        put_u8(out, piece.size());
        put(out, piece);
        value = value.subspan(piece.size());
    } while (!value.empty());
}

void put_head(Bytes& out, const Message4& message) {
    put_u8(out, message.is_reply ? boot_reply : boot_request);
    put_u8(out, ethernet);
    put_u8(out, mac_size);
    put_u8(out, 0);  // hops
    put_u32(out, message.xid);
    put_u16(out, message.secs);
    put_u16(out, message.wants_broadcast ? broadcast_flag : 0);
    for (const Ip& ip : {message.client, message.yours, message.server, message.relay})
        put(out, ip);
    put(out, message.mac.bytes);
}

}  // namespace

std::optional<Type4> Message4::type() const {
    const auto option = options.find(option4::message_type);
    if (option == options.end() || option->second.size() != 1) return {};
    const std::uint8_t number = option->second[0];
    if (number < static_cast<std::uint8_t>(Type4::discover) ||
        number > static_cast<std::uint8_t>(Type4::inform))
        return {};
    return Type4{number};
}

Parsed<Message4> parse_message4(View payload) {
    Reader reader(payload);
    Message4 message;
    const std::uint8_t op = reader.u8(), hardware_type = reader.u8(), hardware_size = reader.u8();
    reader.u8();  // hops
    message.is_reply = op == boot_reply;
    message.xid = reader.u32();
    message.secs = reader.u16();
    message.wants_broadcast = (reader.u16() & broadcast_flag) != 0;
    for (Ip* ip : {&message.client, &message.yours, &message.server, &message.relay})
        *ip = reader.ip(Family::v4);
    const View chaddr = reader.bytes(chaddr_size), sname = reader.bytes(sname_size),
               file = reader.bytes(file_size);
    const std::uint32_t cookie = reader.u32();
    if (reader.failed()) return Malformed{"shorter than a message"};
    if (op != boot_request && op != boot_reply) return Malformed{"neither request nor reply"};
    if (hardware_type != ethernet || hardware_size != mac_size)
        return Malformed{"not for an Ethernet client"};
    std::copy_n(chaddr.begin(), mac_size, message.mac.bytes.begin());
    if (cookie != magic_cookie) return Malformed{"without the magic cookie of DHCP"};
    if (!collect_all(reader.rest(), file, sname, message.options))
        return Malformed{"an option that is cut off, or an overload that is none"};
    return message;
}

Bytes encode(const Message4& message) {
    Bytes out;
    out.reserve(least_size);
    put_head(out, message);
    out.resize(out.size() + chaddr_size - mac_size + sname_size + file_size);
    put_u32(out, magic_cookie);
    for (const auto& [code, value] : message.options) put_option(out, code, value);
    put_u8(out, option4::end);
    out.resize(std::max(out.size(), least_size));
    return out;
}

}  // namespace cni::dhcp
