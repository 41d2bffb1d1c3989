// Results as text, one writer a shape. Keys stand in the order of the reference plugins: as
// declared in 0.x, sorted in 1.x.
#include "cni/json_writer.h"
#include "cni/result.h"
#include "cni/version.h"

namespace cni {
namespace {

void member_if(JsonWriter& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out.member(key, text);
}
void member_if(JsonWriter& out, std::string_view key, const std::optional<Ip>& ip) {
    if (ip) out.member(key, ip->to_string());
}
void member_if(JsonWriter& out, std::string_view key, const std::optional<int>& number) {
    if (number) out.member(key, *number);
}
template <std::integral T>
void member_if(JsonWriter& out, std::string_view key, T number) {
    if (number != 0) out.member(key, number);
}
void member_if(JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    out.key(key).begin_array();
    for (const std::string& text : texts) out.value(text);
    out.end_array();
}

template <typename T, typename Write>
void list_if(JsonWriter& out, std::string_view key, const std::vector<T>& list, Write write) {
    if (list.empty()) return;
    out.key(key).begin_array();
    for (const T& element : list) {
        out.begin_object();
        write(out, element);
        out.end_object();
    }
    out.end_array();
}

const char* version_digit(const Prefix& address) {
    return address.ip.is_v4() ? "4" : "6";
}

// 0.x

void write_dns_0(JsonWriter& out, const Dns& dns) {
    out.key("dns").begin_object();
    member_if(out, "nameservers", dns.nameservers);
    member_if(out, "domain", dns.domain);
    member_if(out, "search", dns.search);
    member_if(out, "options", dns.options);
    out.end_object();
}

void write_short_route(JsonWriter& out, const Route& route) {
    out.member("dst", route.dst.to_string());
    member_if(out, "gw", route.gw);
}

void write_legacy_family(JsonWriter& out, const Result& result, Family family) {
    for (const IpConfig& ip : result.ips) {
        if (ip.address.ip.family() != family) continue;
        std::vector<Route> routes;
        for (const Route& route : result.routes)
            if (route.dst.ip.family() == family) routes.push_back(route);
        out.key(family == Family::v4 ? "ip4" : "ip6").begin_object();
        out.member("ip", ip.address.to_string());
        member_if(out, "gateway", ip.gateway);
        list_if(out, "routes", routes, write_short_route);
        out.end_object();
        return;  // the shape has room for one address of a family
    }
}

void write_v0_1(JsonWriter& out, const Result& result) {
    write_legacy_family(out, result, Family::v4);
    write_legacy_family(out, result, Family::v6);
    write_dns_0(out, result.dns);
}

void write_interface_0(JsonWriter& out, const Interface& interface) {
    out.member("name", interface.name);
    member_if(out, "mac", interface.mac);
    member_if(out, "sandbox", interface.sandbox);
}

void write_ip_0(JsonWriter& out, const IpConfig& ip) {
    out.member("version", version_digit(ip.address));
    member_if(out, "interface", ip.interface);
    out.member("address", ip.address.to_string());
    member_if(out, "gateway", ip.gateway);
}

void write_route_0(JsonWriter& out, const Route& route) {
    write_short_route(out, route);
    member_if(out, "mtu", route.mtu);
    member_if(out, "advmss", route.advmss);
    member_if(out, "priority", route.priority);
    member_if(out, "table", route.table);
    member_if(out, "scope", route.scope);
}

void write_v0_3(JsonWriter& out, const Result& result) {
    list_if(out, "interfaces", result.interfaces, write_interface_0);
    list_if(out, "ips", result.ips, write_ip_0);
    list_if(out, "routes", result.routes, write_route_0);
    write_dns_0(out, result.dns);
}

// 1.x

void write_interface_1(JsonWriter& out, const Interface& interface) {
    member_if(out, "mac", interface.mac);
    member_if(out, "mtu", interface.mtu);
    out.member("name", interface.name);
    member_if(out, "pciID", interface.pci_id);
    member_if(out, "sandbox", interface.sandbox);
    member_if(out, "socketPath", interface.socket_path);
}

void write_ip_1(JsonWriter& out, const IpConfig& ip) {
    out.member("address", ip.address.to_string());
    member_if(out, "gateway", ip.gateway);
    member_if(out, "interface", ip.interface);
}

void write_route_1(JsonWriter& out, const Route& route) {
    member_if(out, "advmss", route.advmss);
    out.member("dst", route.dst.to_string());
    member_if(out, "gw", route.gw);
    member_if(out, "mtu", route.mtu);
    member_if(out, "priority", route.priority);
    member_if(out, "scope", route.scope);
    member_if(out, "table", route.table);
}

void write_dns_1(JsonWriter& out, const Dns& dns) {
    if (dns.empty()) return;
    out.key("dns").begin_object();
    member_if(out, "domain", dns.domain);
    member_if(out, "nameservers", dns.nameservers);
    member_if(out, "options", dns.options);
    member_if(out, "search", dns.search);
    out.end_object();
}

void write_v1_0(JsonWriter& out, const Result& result) {
    write_dns_1(out, result.dns);
    list_if(out, "interfaces", result.interfaces, write_interface_1);
    list_if(out, "ips", result.ips, write_ip_1);
    list_if(out, "routes", result.routes, write_route_1);
}

}  // namespace

std::string Result::print_as_it_is(std::string_view version, JsonWriter::Layout layout) const {
    JsonWriter out(layout);
    out.begin_object().member("cniVersion", version.empty() ? "0.1.0" : version);
    switch (family_of(version)) {
        case ResultFamily::v0_1:
            write_v0_1(out, *this);
            break;
        case ResultFamily::v0_3:
            write_v0_3(out, *this);
            break;
        case ResultFamily::v1_0:
            write_v1_0(out, *this);
            break;
    }
    return out.end_object().take();
}

std::string Result::print(std::string_view version) const {
    require_printable(version);
    return print_as_it_is(version, JsonWriter::Layout::indented);
}

std::string Result::print_compact(std::string_view version) const {
    require_printable(version);
    return print_as_it_is(version, JsonWriter::Layout::compact);
}

}  // namespace cni
