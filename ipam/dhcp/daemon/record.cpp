#include "record.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/hash.h"
#include "base/text.h"
#include "cni/json_writer.h"

namespace cni::dhcp {
namespace {

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

Json require(const Json& json, std::string_view key) {
    if (auto value = json.find(key)) return *value;
    throw json.invalid(cat("lacks the key ", quote(key)));
}

// nullopt for what is no hexadecimal text.
std::optional<Bytes> from_hex(std::string_view text) {
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto byte = parse_int<std::uint8_t>(text.substr(i, 2), 16);
        if (!byte || text.size() % 2 != 0) return {};
        bytes.push_back(*byte);
    }
    return bytes;
}

Bytes parse_hex(const Json& json) {
    if (auto bytes = from_hex(json.as_string())) return *std::move(bytes);
    throw json.invalid("must be hexadecimal");
}

void put_options(JsonWriter& out, std::string_view key, const Options4& options) {
    out.key(key).begin_object();
    for (const auto& [code, value] : options) out.member(std::to_string(code), to_hex(value));
    out.end_object();
}

Options4 parse_options(const std::optional<Json>& json) {
    Options4 options;
    if (!json) return options;
    for (const auto& [name, value] : json->members()) {
        const auto code = parse_int<std::uint8_t>(name);
        if (!code) throw value.invalid("is no option");
        options[*code] = parse_hex(value);
    }
    return options;
}

// In their order; several may have one code.
void put_options(JsonWriter& out, std::string_view key, const Options6& options) {
    out.key(key).begin_array();
    for (const auto& [code, value] : options)
        out.begin_object().member("code", code).member("value", to_hex(value)).end_object();
    out.end_array();
}

Options6 parse_options6(const Json& json, std::string_view key) {
    Options6 options;
    for (const Json& each : json.list(key))
        options.push_back({static_cast<std::uint16_t>(require(each, "code").as_int(1, UINT16_MAX)),
                           parse_hex(require(each, "value"))});
    return options;
}

void put_numbers(JsonWriter& out, std::string_view key, const std::vector<std::uint16_t>& numbers) {
    out.key(key).begin_array();
    for (const std::uint16_t number : numbers) out.value(number);
    out.end_array();
}

std::vector<std::uint16_t> parse_numbers(const Json& json, std::string_view key) {
    std::vector<std::uint16_t> numbers;
    for (const Json& each : json.list(key))
        numbers.push_back(static_cast<std::uint16_t>(each.as_int(1, UINT16_MAX)));
    return numbers;
}

// Milliseconds of the clock; left out when it never comes.
void put_time(JsonWriter& out, std::string_view key, Time time) {
    if (time != never) out.member(key, time.time_since_epoch().count());
}

Time parse_time(const Json& json, std::string_view key) {
    const auto time = json.find(key);
    return time ? Time(Duration(time->as_int(0, any_number))) : never;
}

template <typename Lease>
void put_times(JsonWriter& out, const Lease& lease) {
    put_time(out, "start", lease.start);
    put_time(out, "renew", lease.renew);
    put_time(out, "rebind", lease.rebind);
    put_time(out, "expire", lease.expire);
}

template <typename Lease>
void parse_times(const Json& json, Lease& lease) {
    lease.start = parse_time(json, "start");
    lease.renew = parse_time(json, "renew");
    lease.rebind = parse_time(json, "rebind");
    lease.expire = parse_time(json, "expire");
    if (lease.start > lease.renew || lease.renew > lease.rebind || lease.rebind > lease.expire)
        throw json.invalid("has times out of order");
}

void put_lease(JsonWriter& out, const Lease4& lease) {
    out.key("lease").begin_object();
    out.member("address", lease.address.to_string());
    out.member("server", lease.server.to_string());
    put_times(out, lease);
    put_options(out, "options", lease.options);
    out.end_object();
}

void put_lease(JsonWriter& out, const Lease6& lease) {
    out.key("lease6").begin_object();
    out.member("address", lease.address.to_string());
    out.member("server", to_hex(lease.server));
    put_times(out, lease);
    put_time(out, "deprecate", lease.deprecate);
    put_options(out, "options", lease.options);
    out.end_object();
}

Lease4 parse_lease(const Json& json) {
    Lease4 lease{.address = require(json, "address").as_prefix(),
                 .server = require(json, "server").as_ip(),
                 .start = {},
                 .renew = {},
                 .rebind = {},
                 .expire = {},
                 .options = parse_options(json.find("options"))};
    if (!lease.address.ip.is_v4() || !lease.server.is_v4())
        throw json.invalid("must be a lease of IPv4");
    parse_times(json, lease);
    return lease;
}

Lease6 parse_lease6(const Json& json) {
    Lease6 lease{.address = require(json, "address").as_ip(),
                 .server = parse_hex(require(json, "server")),
                 .deprecate = parse_time(json, "deprecate"),
                 .options = parse_options6(json, "options")};
    if (lease.address.is_v4() || !is_host_address6(lease.address))
        throw json.invalid("must be a lease of IPv6");
    parse_times(json, lease);
    return lease;
}

void put_addresses(JsonWriter& out, std::string_view key, const std::vector<Prefix>& addresses) {
    out.key(key).begin_array();
    for (const Prefix& address : addresses) out.value(address.to_string());
    out.end_array();
}

std::vector<Prefix> parse_addresses(const Json& json, std::string_view key) {
    std::vector<Prefix> addresses;
    for (const Json& each : json.list(key)) addresses.push_back(each.as_prefix());
    return addresses;
}

Mac parse_mac(const Json& json) {
    if (const auto mac = Mac::parse(json.as_string())) return *mac;
    throw json.invalid("must be a MAC address");
}

std::string require_identifier(const Json& json, std::string_view key) {
    const Json value = require(json, key);
    std::string text = value.as_string();
    if (text.empty() || text.find('/') != text.npos) throw value.invalid("must be a name");
    return text;
}

}  // namespace

std::string Holder::text() const {
    return cat(container_id, "/", network, "/", ifname);
}

Bytes Holder::client_id() const {
    constexpr std::size_t most = 254, hash_size = 32;
    std::string id = text();
    if (id.size() > most) {
        const std::string hash = sha512_hex(id).substr(0, hash_size);
        id.resize(most - hash_size);
        id += hash;
    }
    Bytes bytes = {0};
    put(bytes, to_bytes(std::string_view(id)));
    return bytes;
}

Bytes Holder::duid() const {
    const Bytes hash = from_hex(sha512_hex(container_id)).value();
    std::array<std::uint8_t, 16> uuid;
    std::copy_n(hash.begin(), uuid.size(), uuid.begin());
    return duid_of(uuid);
}

std::uint32_t Holder::ia() const {
    const Bytes hash = from_hex(sha512_hex(cat(network, "/", ifname))).value();
    return Reader(hash).u32();
}

std::string print(const Record& record) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object().member("version", 1);
    out.member("containerID", record.holder.container_id);
    out.member("network", record.holder.network);
    out.member("ifname", record.holder.ifname);
    out.member("netns", record.netns);
    record.place.put(out);
    out.member("mac", record.mac.to_string());
    put_options(out, "provided", record.provided);
    out.member("requested", to_hex(record.requested));
    out.member("priority", record.priority);
    out.member("broadcast", record.wants_broadcast);
    out.member("family", name_of(record.wanted));
    put_options(out, "provided6", record.provided6);
    put_numbers(out, "requested6", record.requested6);
    put_addresses(out, "stale", record.stale);
    if (record.lease) put_lease(out, *record.lease);
    if (record.lease6) put_lease(out, *record.lease6);
    return out.end_object().take();
}

Record parse_record(std::string_view text) {
    const Json json = Json::parse(text, "record of a lease");
    require(json, "version").as_int(1, 1);
    Record record{.holder = {.container_id = require_identifier(json, "containerID"),
                             .network = require_identifier(json, "network"),
                             .ifname = require_identifier(json, "ifname")},
                  .netns = json.string_or("netns", ""),
                  .place = Place::parse(json),
                  .mac = parse_mac(require(json, "mac")),
                  .provided = parse_options(json.find("provided")),
                  .requested = parse_hex(require(json, "requested")),
                  .priority = json.int_or("priority", 0, any_number, 0),
                  .wants_broadcast = json.bool_or("broadcast", false),
                  .lease = {},
                  .wanted = parse_leases(json),
                  .provided6 = parse_options6(json, "provided6"),
                  .requested6 = parse_numbers(json, "requested6"),
                  .stale = parse_addresses(json, "stale")};
    if (const auto lease = json.find("lease")) record.lease = parse_lease(*lease);
    if (const auto lease = json.find("lease6")) record.lease6 = parse_lease6(*lease);
    return record;
}

}  // namespace cni::dhcp
