#include "config.h"

#include <map>
#include <optional>
#include <span>

#include "base/contains.h"
#include "base/named.h"
#include "cni/args.h"
#include "protocol/bytes.h"

namespace cni::dhcp {
namespace {

constexpr Named<Leases> leases_names[] = {
    {"ipv4", Leases::ipv4}, {"ipv6", Leases::ipv6}, {"both", Leases::both}};

using OptionCode = std::uint16_t;
constexpr std::string_view host_name = "host-name";

constexpr Named<OptionCode> names4[] = {{"dhcp-client-identifier", option4::client_id},
                                        {"subnet-mask", option4::subnet_mask},
                                        {"routers", option4::routers},
                                        {host_name, option4::host_name},
                                        {"user-class", option4::user_class},
                                        {"vendor-class-identifier", option4::vendor_class}};
constexpr Named<OptionCode> names6[] = {{"dhcp-client-identifier", option6::client_id},
                                        {host_name, option6::client_fqdn},
                                        {"user-class", option6::user_class}};

// All that a result can tell. Classless routes go ahead of those they replace: RFC 3442.
constexpr OptionCode requests4[] = {
    option4::classless_routes, option4::subnet_mask,   option4::routers,
    option4::static_routes,    option4::dns_servers,   option4::domain_name,
    option4::domain_search,    option4::interface_mtu, option4::lease_time,
    option4::renewal_time,     option4::rebinding_time};
constexpr OptionCode requests6[] = {option6::dns_servers, option6::domain_list};

// What is the protocol's own: another value would not be an option but a mistake.
constexpr OptionCode own4[] = {option4::pad,          option4::requested_address, option4::overload,
                               option4::message_type, option4::server_id,         option4::end};

// How options of a family are written down.
struct Dialect {
    Family family;
    std::string_view provide, request;  ///< keys
    std::span<const Named<OptionCode>> names;
    std::span<const OptionCode> requests;  ///< by default
    std::span<const OptionCode> own;
    OptionCode last;                          ///< code
    void (*put_length)(Bytes&, std::size_t);  ///< in front of each of several texts
};
constexpr Dialect dialect4{Family::v4, "provide", "request", names4, requests4, own4, 255, put_u8};
constexpr Dialect dialect6{
    Family::v6,
    "provide6",
    "request6",
    names6,
    requests6,
    protocol_options6,
    65535,
    [](Bytes& out, std::size_t length) { put_u16(out, static_cast<std::uint16_t>(length)); }};

OptionCode parse_option(const Json& json, const Dialect& dialect) {
    const std::string text = json.as_string();
    std::string names;
    for (const auto& [name, code] : dialect.names) {
        if (name == text) return code;
        names += cat(name, ", ");
    }
    const auto code = parse_int<OptionCode>(text);
    if (code && *code <= dialect.last) return *code;
    throw ConfigError(json,
                      cat("Can not parse option ", quote(text), ": it must be one of ", names,
                          "or a number below ", dialect.last + 1),
                      cat("key ", quote(json.path())));
}

Bytes checked_value(const Json& json, Bytes value) {
    if (value.size() <= 255) return value;
    throw ConfigError(json, cat("value too long for option: ", value.size(), " bytes, 255 at most"),
                      cat("key ", quote(json.path())));
}

// "0x" may stand in front; bytes may be separated by colons or blanks.
Bytes parse_hex(const Json& json, const Dialect&) {
    std::string digits;
    const std::string text = json.as_string();
    for (const char c : text.substr(text.starts_with("0x") || text.starts_with("0X") ? 2 : 0))
        if (c != ':' && c != ' ') digits.push_back(c);
    Bytes bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto byte = parse_int<std::uint8_t>(std::string_view(digits).substr(i, 2), 16);
        if (!byte || digits.size() % 2 != 0)
            throw json.invalid("must be an even number of hexadecimal digits");
        bytes.push_back(*byte);
    }
    return bytes;
}

Bytes parse_addresses(const Json& json, const Dialect& dialect) {
    Bytes bytes;
    for (const Json& element : json.as_list()) {
        const Ip ip = element.as_ip();
        if (ip.family() != dialect.family)
            throw element.invalid(dialect.family == Family::v4 ? "must be an IPv4 address"
                                                               : "must be an IPv6 address");
        put(bytes, ip);
    }
    return bytes;
}

// Each with its length in front of it, as RFC 3004 and RFC 8415 have classes of users.
Bytes parse_texts(const Json& json, const Dialect& dialect) {
    Bytes bytes;
    for (const Json& element : json.as_list()) {
        const Bytes text = checked_value(element, to_bytes(std::string_view(element.as_string())));
        dialect.put_length(bytes, text.size());
        put(bytes, text);
    }
    return bytes;
}

// A way to write down what an option holds.
struct Notation {
    std::string_view key;
    Bytes (*parse)(const Json& json, const Dialect& dialect);
};
constexpr Notation notations[] = {
    {"value",
     [](const Json& json, const Dialect&) { return to_bytes(std::string_view(json.as_string())); }},
    {"hex", parse_hex},
    {"addresses", parse_addresses},
    {"texts", parse_texts}};

std::optional<Bytes> parse_value(const Json& entry, const Dialect& dialect) {
    std::optional<Bytes> value;
    for (const Notation& notation : notations) {
        const auto written = entry.find(notation.key);
        if (!written || (written->is_string() && written->as_string().empty())) continue;
        if (value) throw written->invalid("is a second value of this option");
        value = checked_value(*written, notation.parse(*written, dialect));
    }
    return value;
}

// As a name without its domain (RFC 4704, 4): the server is asked to make the records of it. Labels
// are cut to what one may have, as the names of hosts of pods are.
Bytes client_fqdn(const Bytes& name) {
    constexpr std::uint8_t server_updates = 1;
    constexpr std::size_t longest_label = 63;
    const std::string text(name.begin(), name.end());
    Bytes option = {server_updates};
    for (const std::string_view part : split(text, '.')) {
        const std::string_view label = part.substr(0, longest_label);
        if (label.empty()) continue;
        put_u8(option, label.size());
        put(option, to_bytes(label));
    }
    return option;
}

using Provided = std::map<OptionCode, Bytes>;
using CniArgs = std::map<std::string, std::string>;

// The last value of a code counts.
void provide(const Json& entry, const CniArgs& args, const Dialect& dialect, Provided& options) {
    const auto name = entry.require_object().find("option");
    if (!name) throw entry.invalid("needs the key \"option\"");
    const OptionCode code = parse_option(*name, dialect);
    if (contains(dialect.own, code)) throw name->invalid("is an option of the protocol itself");
    auto value = parse_value(entry, dialect);
    if (const auto arg = args.find(entry.string_or("fromArg", "")); arg != args.end())
        value = checked_value(entry, to_bytes(std::string_view(arg->second)));
    if (!value) return;
    const bool is_host_name6 = dialect.family == Family::v6 && name->as_string() == host_name;
    options[code] = is_host_name6 ? client_fqdn(*value) : *std::move(value);
}

Provided parse_provided(const Json& ipam, const CniArgs& args, const Dialect& dialect) {
    Provided options;
    for (const Json& entry : ipam.list(dialect.provide)) provide(entry, args, dialect, options);
    return options;
}

std::vector<OptionCode> parse_requests(const Json& ipam, const Dialect& dialect) {
    std::vector<OptionCode> codes;
    bool has_default = true;
    const auto put = [&codes](OptionCode code) {
        if (!contains(codes, code)) codes.push_back(code);
    };
    for (const Json& entry : ipam.list(dialect.request)) {
        const auto name = entry.require_object().find("option");
        if (name && !name->as_string().empty()) put(parse_option(*name, dialect));
        if (entry.bool_or("skipDefault", false)) has_default = false;
    }
    if (has_default)
        for (const OptionCode code : dialect.requests) put(code);
    return codes;
}

Json ipam_of(const NetConf& conf) {
    const auto ipam = conf.json.find("ipam");
    if (!ipam) throw Error(Code::invalid_config, "IPAM config missing 'ipam' key");
    return ipam->require_object();
}

}  // namespace

Leases parse_leases(const Json& ipam) {
    const auto family = ipam.find("family");
    if (!family || family->as_string().empty()) return Leases::ipv4;
    if (const auto leases = find_value(leases_names, family->as_string())) return *leases;
    throw family->invalid(cat("must be one of ", join(names_of(leases_names), ", ")));
}

std::string_view name_of(Leases leases) {
    return cni::name_of(leases_names, leases);
}

std::vector<Family> families_of(Leases leases) {
    if (leases == Leases::ipv4) return {Family::v4};
    if (leases == Leases::ipv6) return {Family::v6};
    return {both_families.begin(), both_families.end()};
}

Config parse_config(const NetConf& conf, std::string_view cni_args) {
    const Json ipam = ipam_of(conf);
    Config config;
    config.socket_path = parse_socket_path(conf);
    config.priority = ipam.int_or("priority", 0, INT32_MAX, 0);
    const auto args = parse_cni_args_leniently(cni_args);
    for (auto& [code, value] : parse_provided(ipam, args, dialect4))
        config.provided[static_cast<std::uint8_t>(code)] = value;
    for (const OptionCode code : parse_requests(ipam, dialect4))
        config.requested.push_back(static_cast<std::uint8_t>(code));
    config.leases = parse_leases(ipam);
    for (auto& [code, value] : parse_provided(ipam, args, dialect6))
        config.provided6.push_back({code, value});
    config.requested6 = parse_requests(ipam, dialect6);
    return config;
}

Config parse_config(const NetConf& conf) {
    return parse_config(conf, {});
}

std::string parse_socket_path(const NetConf& conf) {
    const auto path = ipam_of(conf).find("daemonSocketPath");
    if (!path || path->as_string().empty()) return default_socket_path;
    if (!path->as_string().starts_with('/')) throw path->invalid("must be an absolute path");
    return path->as_string();
}

}  // namespace cni::dhcp
