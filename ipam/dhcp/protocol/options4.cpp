#include "options4.h"

#include <algorithm>

#include "domains.h"

namespace cni::dhcp {
namespace {

constexpr std::size_t address_size = 4;
constexpr std::size_t most_addresses = 16, most_routes = 64;

/// The part of option 121 that tells so many routes; what is wrong stays wrong.
std::size_t size_of_routes(const Bytes& option) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < most_routes && size < option.size(); ++i)
        size += 1 + (std::size_t{option[size]} + 7) / 8 + address_size;
    return std::min(size, option.size());
}

struct Useful {
    std::uint8_t code;
    std::size_t most;  ///< bytes
    bool in_parts;     ///< the first ones are of use without the others
};
constexpr Useful useful[] = {
    {option4::subnet_mask, address_size, false},
    {option4::routers, most_addresses* address_size, true},
    {option4::dns_servers, most_addresses* address_size, true},
    {option4::domain_name, 255, false},
    {option4::interface_mtu, sizeof(std::uint16_t), false},
    {option4::static_routes, most_routes * 2 * address_size, true},
    {option4::domain_search, 2048, false},
    {option4::classless_routes, most_routes*(1 + 2 * address_size), true},
};

std::string without_final_zeros(const Bytes& bytes) {
    std::string text(bytes.begin(), bytes.end());
    text.erase(text.find_last_not_of('\0') + 1);
    return text;
}

Route leading_to(const Prefix& destination, const Ip& router) {
    Route route{.dst = destination.network()};
    if (!router.is_any()) route.gw = router;
    return route;
}

/// nullopt if anything of it is wrong.
std::optional<std::vector<Route>> classless(const Bytes& option) {
    std::vector<Route> routes;
    Reader reader(option);
    while (!reader.empty()) {
        const std::size_t length = reader.u8();
        constexpr std::size_t longest = 32;
        if (length > longest) return {};
        const View significant = reader.bytes((length + 7) / 8);
        Bytes address = to_bytes(significant);
        address.resize(address_size);
        const Ip router = reader.ip(Family::v4);
        if (reader.failed() || !(router.is_any() || is_host_address(router))) return {};
        routes.push_back(leading_to(
            {Ip::from_bytes(Family::v4, address.data()), static_cast<int>(length)}, router));
    }
    return routes;
}

int class_length(const Ip& destination) {
    const std::uint8_t first = destination.data()[0];
    if (first < 128) return 8;
    return first < 192 ? 16 : 24;
}

void append_classful(std::vector<Route>& routes, const Bytes& option) {
    Reader reader(option);
    while (!reader.empty()) {
        const Ip destination = reader.ip(Family::v4), router = reader.ip(Family::v4);
        if (reader.failed()) return;
        // 0.0.0.0 is what option 3 is for: RFC 2132, 5.8.
        if (!destination.is_any() && is_host_address(router))
            routes.push_back(leading_to({destination, class_length(destination)}, router));
    }
}

}  // namespace

Options4 options_of_use(const Options4& options) {
    Options4 kept;
    for (const auto& [code, most, in_parts] : useful) {
        const Bytes* option = find(options, code);
        if (!option || (option->size() > most && !in_parts)) continue;
        const std::size_t size =
            code == option4::classless_routes ? size_of_routes(*option) : option->size();
        kept[code].assign(option->begin(),
                          option->begin() + static_cast<std::ptrdiff_t>(std::min(size, most)));
    }
    return kept;
}

bool is_host_address(const Ip& ip) {
    const Ip everybody = Ip::any(Family::v4).filled(0);
    constexpr std::uint8_t loopback = 127;
    return !ip.is_any() && !ip.is_multicast() && ip != everybody && ip.data()[0] != loopback;
}

const Bytes* find(const Options4& options, std::uint8_t code) {
    const auto found = options.find(code);
    return found == options.end() ? nullptr : &found->second;
}

std::optional<std::uint32_t> find_u32(const Options4& options, std::uint8_t code) {
    const Bytes* option = find(options, code);
    if (!option || option->size() != sizeof(std::uint32_t)) return {};
    return Reader(*option).u32();
}

std::optional<Ip> find_address(const Options4& options, std::uint8_t code) {
    const Bytes* option = find(options, code);
    if (!option || option->size() != address_size) return {};
    const Ip ip = Reader(*option).ip(Family::v4);
    return is_host_address(ip) ? std::optional(ip) : std::nullopt;
}

std::vector<Ip> addresses_in(const Options4& options, std::uint8_t code) {
    const Bytes* option = find(options, code);
    if (!option || option->size() % address_size != 0) return {};
    std::vector<Ip> addresses;
    for (Reader reader(*option); !reader.empty();) {
        const Ip ip = reader.ip(Family::v4);
        if (is_host_address(ip)) addresses.push_back(ip);
    }
    return addresses;
}

std::string text_in(const Options4& options, std::uint8_t code) {
    const Bytes* option = find(options, code);
    if (!option) return {};
    std::string text = without_final_zeros(*option);
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text;
}

std::optional<int> prefix_length(const Options4& options) {
    const Bytes* option = find(options, option4::subnet_mask);
    if (!option || option->size() != address_size) return {};
    const Ip mask = Reader(*option).ip(Family::v4), ones = Ip::any(Family::v4).filled(0);
    for (int length = 1; length <= ones.bits(); ++length)
        if (ones.masked(length) == mask) return length;
    return {};
}

std::optional<Ip> gateway(const Options4& options) {
    const auto routers = addresses_in(options, option4::routers);
    return routers.empty() ? std::nullopt : std::optional(routers.front());
}

std::vector<Route> routes(const Options4& options) {
    if (const Bytes* option = find(options, option4::classless_routes))
        if (auto found = classless(*option)) return std::move(*found);
    std::vector<Route> found;
    if (const Bytes* option = find(options, option4::static_routes))
        append_classful(found, *option);
    if (const auto router = gateway(options))
        found.push_back(leading_to(Prefix::everything(Family::v4), *router));
    return found;
}

std::optional<int> mtu(const Options4& options) {
    const Bytes* option = find(options, option4::interface_mtu);
    if (!option || option->size() != sizeof(std::uint16_t)) return {};
    // RFC 791, 3.1: of packets that every host must take.
    constexpr int least = 576;
    const int value = Reader(*option).u16();
    return value < least ? std::nullopt : std::optional(value);
}

std::vector<Ip> dns_servers(const Options4& options) {
    return addresses_in(options, option4::dns_servers);
}

std::string domain_name(const Options4& options) {
    const Bytes* option = find(options, option4::domain_name);
    if (!option) return {};
    std::string name = without_final_zeros(*option);
    if (name.ends_with('.')) name.pop_back();
    return is_domain_name(name) ? name : "";
}

std::vector<std::string> search_list(const Options4& options) {
    const Bytes* option = find(options, option4::domain_search);
    if (!option) return {};
    return parse_domains(*option).value_or(std::vector<std::string>());
}

}  // namespace cni::dhcp
