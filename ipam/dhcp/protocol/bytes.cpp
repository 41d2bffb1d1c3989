#include "bytes.h"

namespace cni::dhcp {

View Reader::bytes(std::size_t size) {
    if (size > rest_.size()) {
        failed_ = true;
        rest_ = {};
        return {};
    }
    const View taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
}

std::uint32_t Reader::number(std::size_t size) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes(size)) value = value << 8 | byte;
    return value;
}

std::uint8_t Reader::u8() {
    return static_cast<std::uint8_t>(number(1));
}

std::uint16_t Reader::u16() {
    return static_cast<std::uint16_t>(number(2));
}

std::uint32_t Reader::u32() {
    return number(4);
}

Ip Reader::ip(Family family) {
    const View taken = bytes(Ip::any(family).size());
    return failed_ ? Ip::any(family) : Ip::from_bytes(family, taken.data());
}

void put_u8(Bytes& out, std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value));
}

void put_u16(Bytes& out, std::size_t value) {
    put_u8(out, value >> 8);
    put_u8(out, value);
}

void put_u32(Bytes& out, std::uint32_t value) {
    put_u16(out, value >> 16);
    put_u16(out, value);
}

void put(Bytes& out, View bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void put(Bytes& out, const Ip& ip) {
    put(out, View(ip.data(), ip.size()));
}

Bytes to_bytes(View bytes) {
    return {bytes.begin(), bytes.end()};
}

Bytes to_bytes(const Ip& ip) {
    return {ip.data(), ip.data() + ip.size()};
}

Bytes to_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

}  // namespace cni::dhcp
