#include "options6.h"

#include <algorithm>

#include "base/named.h"
#include "domains.h"

namespace cni::dhcp {
namespace {

constexpr std::size_t ip6_size = 16;

constexpr Named<Status6> status_names[] = {
    {"Success", Status6::success},
    {"UnspecFail", Status6::unspecified_failure},
    {"NoAddrsAvail", Status6::no_addresses_available},
    {"NoBinding", Status6::no_binding},
    {"NotOnLink", Status6::not_on_link},
    {"UseMulticast", Status6::use_multicast},
};

std::optional<IaAddress> usable_address(View option) {
    Reader reader(option);
    const IaAddress address{reader.ip(Family::v6), reader.u32(), reader.u32()};
    const auto inner = parse_options6(reader.rest());
    const auto* options = std::get_if<Options6>(&inner);
    if (reader.failed() || !options || status_in(*options) != Status6::success) return {};
    if (!is_host_address6(address.address) || address.preferred > address.valid) return {};
    return address;
}

std::optional<IaNa> parse_ia(View option) {
    Reader reader(option);
    IaNa ia{reader.u32(), reader.u32(), reader.u32()};
    const auto inner = parse_options6(reader.rest());
    const auto* options = std::get_if<Options6>(&inner);
    if (reader.failed() || !options) return {};
    if (ia.renew > ia.rebind && ia.rebind != 0) return {};
    ia.status = status_in(*options);
    for (const Option6& each : *options)
        if (each.code == option6::ia_address)
            if (const auto address = usable_address(each.value)) ia.addresses.push_back(*address);
    return ia;
}

}  // namespace

const Bytes* find(const Options6& options, std::uint16_t code) {
    const auto found = std::ranges::find(options, code, &Option6::code);
    return found == options.end() ? nullptr : &found->value;
}

Options6 options_of_use(const Options6& options) {
    constexpr std::size_t most_servers = 16, longest_search_list = 2048;
    Options6 kept;
    if (const Bytes* servers = find(options, option6::dns_servers)) {
        const std::size_t size = std::min(servers->size(), most_servers * ip6_size);
        kept.push_back({option6::dns_servers,
                        {servers->begin(), servers->begin() + static_cast<std::ptrdiff_t>(size)}});
    }
    const Bytes* domains = find(options, option6::domain_list);
    if (domains && domains->size() <= longest_search_list)
        kept.push_back({option6::domain_list, *domains});
    return kept;
}

Status6 status_in(const Options6& options) {
    const Bytes* option = find(options, option6::status_code);
    if (!option) return Status6::success;
    Reader reader(*option);
    const std::uint16_t number = reader.u16();
    if (reader.failed() || number > static_cast<std::uint16_t>(Status6::use_multicast))
        return Status6::unspecified_failure;
    return static_cast<Status6>(number);
}

std::string_view name_of(Status6 status) {
    return cni::name_of(status_names, status);
}

std::optional<IaNa> find_ia(const Options6& options, std::uint32_t id) {
    for (const Option6& option : options) {
        if (option.code != option6::ia_na) continue;
        auto ia = parse_ia(option.value);
        if (ia && ia->id == id) return ia;
    }
    return {};
}

Option6 make_ia(std::uint32_t id, const std::optional<Ip>& address) {
    Option6 ia{option6::ia_na};
    put_u32(ia.value, id);
    put_u32(ia.value, 0);
    put_u32(ia.value, 0);
    if (!address) return ia;
    Option6 inner{option6::ia_address, to_bytes(*address)};
    put_u32(inner.value, 0);
    put_u32(inner.value, 0);
    put(ia.value, encode(Options6{inner}));
    return ia;
}

bool is_host_address6(const Ip& ip) {
    // As text, and in a container's own calls, it would be one of IPv4.
    constexpr std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return ip.is_global_unicast() && !std::equal(std::begin(mapped), std::end(mapped), ip.data());
}

int preference(const Options6& options) {
    const Bytes* option = find(options, option6::preference);
    return option && option->size() == 1 ? (*option)[0] : 0;
}

std::optional<std::uint32_t> sol_max_rt(const Options6& options) {
    constexpr std::uint32_t least = 60, most = 86400;
    const Bytes* option = find(options, option6::sol_max_rt);
    if (!option || option->size() != sizeof(std::uint32_t)) return {};
    const std::uint32_t told = Reader(*option).u32();
    return told >= least && told <= most ? std::optional(told) : std::nullopt;
}

std::vector<Ip> dns_servers(const Options6& options) {
    const Bytes* option = find(options, option6::dns_servers);
    if (!option || option->size() % ip6_size != 0) return {};
    std::vector<Ip> servers;
    for (Reader reader(*option); !reader.empty();) {
        const Ip ip = reader.ip(Family::v6);
        if (is_host_address6(ip)) servers.push_back(ip);
    }
    return servers;
}

std::vector<std::string> search_list(const Options6& options) {
    const Bytes* option = find(options, option6::domain_list);
    if (!option) return {};
    return parse_domains(*option).value_or(std::vector<std::string>());
}

}  // namespace cni::dhcp
