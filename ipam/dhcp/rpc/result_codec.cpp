#include "result_codec.h"

#include <linux/rtnetlink.h>

#include <span>

namespace cni::dhcp {
namespace {

using gob::StructWriter;
using gob::Value;

// Ids of ours; those of requests and responses are below.
enum ResultType : int {
    result_type = 80,
    ip_configs_type,
    ip_config_type,
    ip_net_type,
    routes_type,
    route_type,
    dns_type,
    texts_type,
};

// Found by their names on the other side; the numbers are those of the writers below.
constexpr gob::Field result_fields[] = {{"CNIVersion", gob::string_id},
                                        {"IPs", ip_configs_type},
                                        {"Routes", routes_type},
                                        {"DNS", dns_type}};
constexpr gob::Field ip_config_fields[] = {{"Address", ip_net_type}, {"Gateway", gob::bytes_id}};
constexpr gob::Field ip_net_fields[] = {{"IP", gob::bytes_id}, {"Mask", gob::bytes_id}};
constexpr gob::Field route_fields[] = {
    {"Dst", ip_net_type}, {"GW", gob::bytes_id}, {"Priority", gob::int_id}};
constexpr gob::Field dns_fields[] = {{"Nameservers", texts_type},
                                     {"Domain", gob::string_id},
                                     {"Search", texts_type},
                                     {"Options", texts_type}};

std::string_view bytes_of(const Ip& ip) {
    return {reinterpret_cast<const char*>(ip.data()), ip.size()};
}

void write_net(StructWriter& out, const Prefix& prefix) {
    const Ip mask = Ip::any(prefix.ip.family()).filled(0).masked(prefix.length);
    out.text(0, bytes_of(prefix.ip));
    out.text(1, bytes_of(mask));
}

void write_ip(std::string& bytes, const IpConfig& ip) {
    StructWriter out(bytes);
    out.structure(0, [&](StructWriter& net) { write_net(net, ip.address); });
    if (ip.gateway) out.text(1, bytes_of(*ip.gateway));
}

void write_route(std::string& bytes, const Route& route) {
    StructWriter out(bytes);
    out.structure(0, [&](StructWriter& net) { write_net(net, route.dst); });
    if (route.gw) out.text(1, bytes_of(*route.gw));
    out.number(2, route.priority);
}

void write_text(std::string& bytes, const std::string& text) {
    gob::put_bytes(bytes, text);
}

void write_dns(StructWriter& out, const Dns& dns) {
    out.slice(0, dns.nameservers, write_text);
    out.text(1, dns.domain);
    out.slice(2, dns.search, write_text);
    out.slice(3, dns.options, write_text);
}

Error malformed(std::string_view what) {
    return Error(Code::decoding_failure, cat("the DHCP daemon sent ", what));
}

Ip read_ip(std::string_view bytes) {
    if (bytes.size() == 4) return Ip::from_bytes(Family::v4, bytes.data());
    if (bytes.size() != 16) throw malformed("what is no IP address");
    const Ip ip = Ip::from_bytes(Family::v6, bytes.data());
    // Go has IPv4 addresses of 16 bytes as well.
    return Ip::parse(ip.to_string()).value_or(ip);
}

// The number of ones in front.
int read_mask(std::string_view bytes, const Ip& ip) {
    if (bytes.size() != ip.size()) throw malformed("what is no network mask");
    const Ip mask = Ip::from_bytes(ip.family(), bytes.data());
    const Ip ones = Ip::any(ip.family()).filled(0);
    int length = 0;
    while (length < ip.bits() && ones.masked(length) != mask) ++length;
    if (ones.masked(length) != mask) throw malformed("what is no network mask");
    return length;
}

Prefix read_net(const Value& value) {
    const Ip ip = read_ip(value["IP"].bytes);
    return {ip, read_mask(value["Mask"].bytes, ip)};
}

std::optional<Ip> read_gateway(const Value& value) {
    if (value.bytes.empty()) return {};
    const Ip ip = read_ip(value.bytes);
    if (ip.is_any()) return {};  // on the link itself
    return ip;
}

// One of IPv4 without a gateway is on the link; without that scope it would be completed by the
// gateway of the address.
Route read_route(const Value& value) {
    Route route{.dst = read_net(value["Dst"]),
                .gw = read_gateway(value["GW"]),
                .priority = value["Priority"].number};
    if (!route.gw && route.dst.ip.is_v4()) route.scope = RT_SCOPE_LINK;
    return route;
}

std::vector<std::string> read_texts(const Value& value) {
    std::vector<std::string> texts;
    for (const Value& element : value.elements) texts.push_back(element.bytes);
    return texts;
}

}  // namespace

std::string result_types() {
    return cat(gob::define_struct(result_type, "Result", result_fields),
               gob::define_slice(ip_configs_type, ip_config_type),
               gob::define_struct(ip_config_type, "IPConfig", ip_config_fields),
               gob::define_struct(ip_net_type, "IPNet", ip_net_fields),
               gob::define_slice(routes_type, route_type),
               gob::define_struct(route_type, "Route", route_fields),
               gob::define_struct(dns_type, "DNS", dns_fields),
               gob::define_slice(texts_type, gob::string_id));
}

std::string encode_result(const Result& result) {
    return gob::encode_struct(result_type, [&](StructWriter& out) {
        out.slice(1, result.ips, write_ip);
        out.slice(2, result.routes, write_route);
        out.structure(3, [&](StructWriter& dns) { write_dns(dns, result.dns); });
    });
}

Result decode_result(const Value& value) {
    Result result;
    for (const Value& ip : value["IPs"].elements)
        result.ips.push_back({.address = read_net(ip["Address"]),
                              .gateway = read_gateway(ip["Gateway"]),
                              .interface = {}});
    for (const Value& route : value["Routes"].elements) result.routes.push_back(read_route(route));
    const Value& dns = value["DNS"];
    result.dns = {.nameservers = read_texts(dns["Nameservers"]),
                  .domain = dns["Domain"].bytes,
                  .search = read_texts(dns["Search"]),
                  .options = read_texts(dns["Options"])};
    return result;
}

}  // namespace cni::dhcp
