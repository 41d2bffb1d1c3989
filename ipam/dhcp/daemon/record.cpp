#include "record.h"

#include <limits>

#include "base/hash.h"
#include "cni/json_writer.h"

namespace cni::dhcp {
namespace {

constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();

std::string to_hex(View bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

Bytes parse_hex(const Json& json) {
    const std::string text = json.as_string();
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto byte = parse_int<std::uint8_t>(std::string_view(text).substr(i, 2), 16);
        if (!byte || text.size() % 2 != 0) throw json.invalid("must be hexadecimal");
        bytes.push_back(*byte);
    }
    return bytes;
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

// Milliseconds of the clock; left out when it never comes.
void put_time(JsonWriter& out, std::string_view key, Time time) {
    if (time != never) out.member(key, time.time_since_epoch().count());
}

Time parse_time(const Json& json, std::string_view key) {
    const auto time = json.find(key);
    return time ? Time(Duration(time->as_int(0, any_number))) : never;
}

void put_lease(JsonWriter& out, const Lease4& lease) {
    out.key("lease").begin_object();
    out.member("address", lease.address.to_string());
    out.member("server", lease.server.to_string());
    put_time(out, "start", lease.start);
    put_time(out, "renew", lease.renew);
    put_time(out, "rebind", lease.rebind);
    put_time(out, "expire", lease.expire);
    put_options(out, "options", lease.options);
    out.end_object();
}

Json require(const Json& json, std::string_view key) {
    if (auto value = json.find(key)) return *value;
    throw json.invalid(cat("lacks the key ", quote(key)));
}

Lease4 parse_lease(const Json& json) {
    Lease4 lease{.address = require(json, "address").as_prefix(),
                 .server = require(json, "server").as_ip(),
                 .start = parse_time(json, "start"),
                 .renew = parse_time(json, "renew"),
                 .rebind = parse_time(json, "rebind"),
                 .expire = parse_time(json, "expire"),
                 .options = parse_options(json.find("options"))};
    if (!lease.address.ip.is_v4() || !lease.server.is_v4())
        throw json.invalid("must be a lease of IPv4");
    if (lease.start > lease.renew || lease.renew > lease.rebind || lease.rebind > lease.expire)
        throw json.invalid("has times out of order");
    return lease;
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
    if (record.lease) put_lease(out, *record.lease);
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
                  .lease = {}};
    if (const auto lease = json.find("lease")) record.lease = parse_lease(*lease);
    return record;
}

}  // namespace cni::dhcp
