#include "config.h"

#include <map>
#include <optional>

#include "base/contains.h"
#include "base/named.h"
#include "cni/args.h"
#include "protocol/bytes.h"

namespace cni::dhcp {
namespace {

constexpr Named<std::uint8_t> option_names[] = {{"dhcp-client-identifier", option4::client_id},
                                                {"subnet-mask", option4::subnet_mask},
                                                {"routers", option4::routers},
                                                {"host-name", option4::host_name},
                                                {"user-class", option4::user_class},
                                                {"vendor-class-identifier", option4::vendor_class}};

// All that a result can tell. Classless routes go ahead of those they replace: RFC 3442.
constexpr std::uint8_t default_requests[] = {
    option4::classless_routes, option4::subnet_mask,   option4::routers,
    option4::static_routes,    option4::dns_servers,   option4::domain_name,
    option4::domain_search,    option4::interface_mtu, option4::lease_time,
    option4::renewal_time,     option4::rebinding_time};

// What is the protocol's own: another value would not be an option but a mistake.
constexpr std::uint8_t own_options[] = {option4::pad,       option4::requested_address,
                                        option4::overload,  option4::message_type,
                                        option4::server_id, option4::end};

std::uint8_t parse_option(const Json& json) {
    const std::string text = json.as_string();
    if (const auto code = find_value(option_names, text)) return *code;
    if (const auto code = parse_int<std::uint8_t>(text)) return *code;
    throw ConfigError(json,
                      cat("Can not parse option ", quote(text), ": it must be one of ",
                          join(names_of(option_names), ", "), ", or a number below 256"),
                      cat("key ", quote(json.path())));
}

Bytes checked_value(const Json& json, Bytes value) {
    if (value.size() <= 255) return value;
    throw ConfigError(json, cat("value too long for option: ", value.size(), " bytes, 255 at most"),
                      cat("key ", quote(json.path())));
}

// "0x" may stand in front; bytes may be separated by colons or blanks.
Bytes parse_hex(const Json& json) {
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

Bytes parse_addresses(const Json& json) {
    Bytes bytes;
    for (const Json& element : json.as_list()) {
        const Ip ip = element.as_ip();
        if (!ip.is_v4()) throw element.invalid("must be an IPv4 address");
        put(bytes, ip);
    }
    return bytes;
}

// Each with its length in front of it, as RFC 3004 has classes of users.
Bytes parse_texts(const Json& json) {
    Bytes bytes;
    for (const Json& element : json.as_list()) {
        const Bytes text = checked_value(element, to_bytes(std::string_view(element.as_string())));
        put_u8(bytes, text.size());
        put(bytes, text);
    }
    return bytes;
}

// A way to write down what an option holds.
struct Notation {
    std::string_view key;
    Bytes (*parse)(const Json& json);
};
constexpr Notation notations[] = {
    {"value", [](const Json& json) { return to_bytes(std::string_view(json.as_string())); }},
    {"hex", parse_hex},
    {"addresses", parse_addresses},
    {"texts", parse_texts}};

std::optional<Bytes> parse_value(const Json& entry) {
    std::optional<Bytes> value;
    for (const Notation& notation : notations) {
        const auto written = entry.find(notation.key);
        if (!written || (written->is_string() && written->as_string().empty())) continue;
        if (value) throw written->invalid("is a second value of this option");
        value = checked_value(*written, notation.parse(*written));
    }
    return value;
}

// The last value of a code counts.
void provide(const Json& entry, const std::map<std::string, std::string>& args, Options4& options) {
    const auto name = entry.require_object().find("option");
    if (!name) throw entry.invalid("needs the key \"option\"");
    const std::uint8_t code = parse_option(*name);
    if (contains(own_options, code)) throw name->invalid("is an option of the protocol itself");
    if (auto value = parse_value(entry)) options[code] = *std::move(value);
    const auto arg = args.find(entry.string_or("fromArg", ""));
    if (arg == args.end()) return;
    options[code] = checked_value(entry, to_bytes(std::string_view(arg->second)));
}

std::vector<std::uint8_t> parse_requests(const Json& ipam) {
    std::vector<std::uint8_t> codes;
    bool has_default = true;
    const auto put = [&codes](std::uint8_t code) {
        if (!contains(codes, code)) codes.push_back(code);
    };
    for (const Json& entry : ipam.list("request")) {
        const auto name = entry.require_object().find("option");
        if (name && !name->as_string().empty()) put(parse_option(*name));
        if (entry.bool_or("skipDefault", false)) has_default = false;
    }
    if (has_default)
        for (const std::uint8_t code : default_requests) put(code);
    return codes;
}

Json ipam_of(const NetConf& conf) {
    const auto ipam = conf.json.find("ipam");
    if (!ipam) throw Error(Code::invalid_config, "IPAM config missing 'ipam' key");
    return ipam->require_object();
}

}  // namespace

Config parse_config(const NetConf& conf, std::string_view cni_args) {
    const Json ipam = ipam_of(conf);
    Config config;
    config.socket_path = parse_socket_path(conf);
    config.priority = ipam.int_or("priority", 0, INT32_MAX, 0);
    const auto args = parse_cni_args_leniently(cni_args);
    for (const Json& entry : ipam.list("provide")) provide(entry, args, config.provided);
    config.requested = parse_requests(ipam);
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
