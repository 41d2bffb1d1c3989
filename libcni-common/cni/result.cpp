#include "cni/result.h"

#include <limits>

#include "cni/version.h"

namespace cni {
namespace {

constexpr int int_max = std::numeric_limits<int>::max();
constexpr int int_min = std::numeric_limits<int>::min();

const Json& object(const Json& json) {
    if (json.is_null()) throw json.invalid("must be an object, not null");
    return json.require_object();
}

template <typename Read>
auto read_list(const Json& json, std::string_view key, Read read) {
    std::vector<decltype(read(json))> out;
    for (const Json& element : json.list(key)) out.push_back(read(object(element)));
    return out;
}

Prefix required_prefix(const Json& json, std::string_view key) {
    if (const auto prefix = json.prefix(key)) return *prefix;
    throw json.invalid(cat("needs the key ", quote(key)));
}

std::optional<int> optional_int(const Json& json, std::string_view key) {
    const auto value = json.find(key);
    if (!value) return {};
    return static_cast<int>(value->as_int(int_min, int_max));
}

Interface read_interface(const Json& json) {
    return {.name = json.string_or("name", ""),
            .mac = json.string_or("mac", ""),
            .mtu = static_cast<std::uint32_t>(json.int_or("mtu", 0, 0xffffffff, 0)),
            .sandbox = json.string_or("sandbox", ""),
            .socket_path = json.string_or("socketPath", ""),
            .pci_id = json.string_or("pciID", "")};
}

// The shape of 0.3, 0.4 and 1.x: "version" of an address is implied by the address.
IpConfig read_ip(const Json& json) {
    return {.address = required_prefix(json, "address"),
            .gateway = json.ip("gateway"),
            .interface = optional_int(json, "interface")};
}

Result read_modern(const Json& json) {
    return {.interfaces = read_list(json, "interfaces", read_interface),
            .ips = read_list(json, "ips", read_ip),
            .routes = read_list(json, "routes", parse_route),
            .dns = parse_dns(json.find("dns").value_or(Json()))};
}

Result read_legacy(const Json& json) {
    Result result;
    for (const char* key : {"ip4", "ip6"}) {
        const auto part = json.find(key);
        if (!part) continue;
        part->require_object();
        result.ips.push_back({required_prefix(*part, "ip"), part->ip("gateway"), {}});
        for (const Route& route : read_list(*part, "routes", parse_route))
            result.routes.push_back(route);
    }
    result.dns = parse_dns(json.find("dns").value_or(Json()));
    return result;
}

// What 1.x knows and older shapes cannot say.
void drop_interface_details(Result& result) {
    for (Interface& i : result.interfaces) i.mtu = 0, i.socket_path.clear(), i.pci_id.clear();
}

}  // namespace

Route parse_route(const Json& json) {
    const auto number = [&](std::string_view key) {
        return static_cast<int>(json.int_or(key, int_min, int_max, 0));
    };
    return {.dst = required_prefix(json, "dst"),
            .gw = json.ip("gw"),
            .mtu = number("mtu"),
            .advmss = number("advmss"),
            .priority = number("priority"),
            .table = optional_int(json, "table"),
            .scope = optional_int(json, "scope")};
}

Dns parse_dns(const Json& json) {
    json.require_object();
    return {.nameservers = json.string_list("nameservers"),
            .domain = json.string_or("domain", ""),
            .search = json.string_list("search"),
            .options = json.string_list("options")};
}

Result Result::parse(const Json& json, std::string_view version) {
    json.require_object();
    std::string own = json.string_or("cniVersion", "");
    if (own.empty()) own = version;
    if (!own.empty() && !is_supported(own))
        throw Error(Code::incompatible_version, cat("unsupported CNI result version ", quote(own)));
    if (family_of(own) == ResultFamily::v0_1) return read_legacy(json);
    Result result = read_modern(json);
    if (family_of(own) == ResultFamily::v0_3) drop_interface_details(result);
    return result;
}

std::vector<Prefix> Result::addresses() const {
    std::vector<Prefix> out;
    for (const IpConfig& ip : ips) out.push_back(ip.address);
    return out;
}

bool Result::is_of_container(const IpConfig& ip, std::string_view ifname) const {
    if (!ip.interface || *ip.interface < 0 ||
        static_cast<std::size_t>(*ip.interface) >= interfaces.size())
        return true;
    const Interface& its = interfaces[static_cast<std::size_t>(*ip.interface)];
    return its.name == ifname && !its.sandbox.empty();
}

void Result::require_printable(std::string_view version) const {
    if (family_of(version) == ResultFamily::v0_1 && ips.empty())
        throw Error(Code::invalid_config, "cannot convert: no valid IP addresses",
                    cat("a result of version ", version,
                        " needs an address; use cniVersion 0.3.0 "
                        "or later"));
}

std::optional<std::vector<Prefix>> known_addresses(const std::optional<Result>& prev_result,
                                                   std::string_view ifname) {
    std::vector<Prefix> out;
    if (prev_result)
        for (const IpConfig& ip : prev_result->ips)
            if (prev_result->is_of_container(ip, ifname)) out.push_back(ip.address);
    if (out.empty()) return {};
    return out;
}

}  // namespace cni
