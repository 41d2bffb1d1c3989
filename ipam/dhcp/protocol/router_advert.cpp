#include "router_advert.h"

namespace cni::dhcp {
namespace {

constexpr std::uint8_t advertisement = 134, managed_flag = 0x80, other_flag = 0x40;
constexpr std::size_t unit = 8;

// Each has its length in front, in units of eight bytes.
bool are_options_whole(Reader reader) {
    while (!reader.empty()) {
        reader.u8();  // type
        const std::size_t size = reader.u8() * unit;
        if (size == 0) return false;
        reader.bytes(size - 2);
        if (reader.failed()) return false;
    }
    return true;
}

}  // namespace

std::optional<RouterAdvert> parse_router_advert(View message) {
    Reader reader(message);
    const std::uint8_t type = reader.u8(), code = reader.u8();
    reader.u16();  // checksum
    reader.u8();   // hop limit for hosts
    const std::uint8_t flags = reader.u8();
    const std::chrono::seconds lifetime(reader.u16());
    reader.u32();  // how long neighbours are reachable
    reader.u32();  // how often to ask for them
    if (reader.failed() || type != advertisement || code != 0 || !are_options_whole(reader))
        return {};
    return RouterAdvert{(flags & managed_flag) != 0, (flags & other_flag) != 0, lifetime};
}

}  // namespace cni::dhcp
