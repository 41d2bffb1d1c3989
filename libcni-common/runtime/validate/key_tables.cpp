// The keys of the plugins as data. A key that a plugin learns is added here as well.
#include "runtime/validate/key_tables.h"

#include <algorithm>
#include <limits>

#include "runtime/validate/plugin_checks.h"

namespace cni {
namespace {

constexpr Type any{};
constexpr Type flag{.kind = Kind::flag};
constexpr Type flag_or_text{.kind = Kind::flag_or_text};
constexpr Type text{.kind = Kind::text};
constexpr Type ip{.kind = Kind::ip};
constexpr Type cidr{.kind = Kind::cidr};
constexpr Type mac{.kind = Kind::mac};
constexpr Type ipam{.kind = Kind::ipam};

constexpr Type between(std::int64_t min, std::int64_t max) {
    return {.kind = Kind::integer, .min = min, .max = max};
}
constexpr Type one_of(std::span<const std::string_view> choices) {
    return {.kind = Kind::choice, .choices = choices};
}
constexpr Type list_of(const Type& element) {
    return {.kind = Kind::list, .element = &element};
}
constexpr Type map_of(const Type& element) {
    return {.kind = Kind::map, .element = &element};
}
constexpr Type object(const ObjectSchema& schema) {
    return {.kind = Kind::object, .object = &schema};
}

constexpr Type number =
    between(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
constexpr Type unsigned_number = between(0, std::numeric_limits<std::uint32_t>::max());
constexpr Type rate = between(0, std::numeric_limits<std::int64_t>::max());  // bit/s
// A bucket is counted in 32 bits of bytes by the kernel.
constexpr Type burst = between(0, 8 * std::int64_t{std::numeric_limits<std::uint32_t>::max()} - 1);
constexpr Type mtu = between(0, 65535);
// 0 and less: the kernel's choice.
constexpr Type mtu_or_less = between(std::numeric_limits<std::int32_t>::min(), 65535);
constexpr Type vlan_id = between(0, 4094);
constexpr Type texts = list_of(text);
constexpr Type members = map_of(any);

// What every plugin may have

constexpr Key dns_keys[] = {
    {"nameservers", texts}, {"domain", text}, {"search", texts}, {"options", texts}};
constexpr ObjectSchema dns_schema{dns_keys};

constexpr Type flags = map_of(flag);
constexpr Key common_keys[] = {{"cniVersion", text},    {"name", text},
                               {"type", text},          {"capabilities", flags},
                               {"ipam", ipam},          {"dns", object(dns_schema)},
                               {"prevResult", members}, {"runtimeConfig", members},
                               {"args", members}};
constexpr ObjectSchema common{common_keys};

constexpr ObjectSchema plugin(std::span<const Key> keys,
                              void (*check)(const Json&, Problems&) = nullptr) {
    return {keys, check, &common};
}

// Interface plugins

constexpr std::string_view masquerade_backends[] = {"", "iptables", "nftables"};
constexpr Type masquerade_backend = one_of(masquerade_backends);

constexpr Type trunk_id = between(1, 4094);
constexpr Key trunk_keys[] = {{"id", trunk_id}, {"minID", trunk_id}, {"maxID", trunk_id}};
constexpr ObjectSchema trunk_schema{trunk_keys, check_trunk};
constexpr Type trunk = object(trunk_schema);

constexpr Key bridge_keys[] = {{"bridge", text},
                               {"isGateway", flag},
                               {"isDefaultGateway", flag},
                               {"forceAddress", flag},
                               {"ipMasq", flag},
                               {"ipMasqBackend", masquerade_backend},
                               {"mtu", mtu_or_less},
                               {"hairpinMode", flag},
                               {"promiscMode", flag},
                               {"vlan", vlan_id},
                               {"vlanTrunk", list_of(trunk)},
                               {"preserveDefaultVlan", flag},
                               {"macspoofchk", flag},
                               {"enabledad", flag},
                               {"disableContainerInterface", flag},
                               {"portIsolation", flag}};
constexpr Key ptp_keys[] = {
    {"ipMasq", flag}, {"ipMasqBackend", masquerade_backend}, {"mtu", mtu_or_less}};

constexpr std::string_view macvlan_modes[] = {"", "bridge", "private", "vepa", "passthru"};
constexpr Key macvlan_keys[] = {
    {"master", text}, {"mode", one_of(macvlan_modes)}, {"mtu", mtu},
    {"mac", mac},     {"linkInContainer", flag},       {"bcqueuelen", unsigned_number}};

constexpr std::string_view ipvlan_modes[] = {"", "l2", "l3", "l3s"};
constexpr Key ipvlan_keys[] = {
    {"master", text}, {"mode", one_of(ipvlan_modes)}, {"mtu", mtu}, {"linkInContainer", flag}};

constexpr Key vlan_keys[] = {
    {"master", text, true}, {"vlanId", vlan_id}, {"mtu", mtu}, {"linkInContainer", flag}};
constexpr Key host_device_keys[] = {
    {"device", text}, {"hwaddr", text}, {"kernelpath", text}, {"pciBusID", text}};
constexpr Key tap_keys[] = {{"multiQueue", flag},
                            {"mtu", mtu},
                            {"mac", mac},
                            {"owner", unsigned_number},
                            {"group", unsigned_number},
                            {"selinuxContext", text},
                            {"bridge", text}};
constexpr Key dummy_keys[] = {{"mtu", mtu}, {"mac", mac}};

// Its "ipam" is a part of the delegate's, without a type.
constexpr Key flannel_keys[] = {
    {"subnetFile", text}, {"dataDir", text}, {"delegate", members}, {"ipam", members}};

// Meta plugins

constexpr std::string_view portmap_backends[] = {"", "iptables", "nftables"};
constexpr Key portmap_keys[] = {{"snat", flag},
                                {"masqAll", flag},
                                {"markMasqBit", between(0, 31)},
                                {"externalSetMarkChain", text},
                                {"conditionsV4", texts},
                                {"conditionsV6", texts},
                                {"backend", one_of(portmap_backends)}};

constexpr std::string_view firewall_backends[] = {"", "iptables", "nftables", "firewalld"};
constexpr std::string_view ingress_policies[] = {"", "open", "same-bridge", "isolated"};
constexpr Key firewall_keys[] = {{"backend", one_of(firewall_backends)},
                                 {"iptablesAdminChainName", text},
                                 {"firewalldZone", text},
                                 {"ingressPolicy", one_of(ingress_policies)}};

constexpr Key bandwidth_keys[] = {
    {"ingressRate", rate}, {"ingressBurst", burst}, {"egressRate", rate}, {"egressBurst", burst}};
constexpr Key tuning_keys[] = {{"sysctl", map_of(text)}, {"mac", mac},
                               {"promisc", flag},        {"mtu", mtu},
                               {"allmulti", flag},       {"txQLen", unsigned_number},
                               {"dataDir", text}};
constexpr Key sample_keys[] = {{"anotherAwesomeArg", text, true}, {"myAwesomeFlag", flag}};
constexpr Key sbr_keys[] = {
    {"table", unsigned_number}, {"gateways", list_of(ip)}, {"addSourceHints", flag}};
constexpr Key vrf_keys[] = {{"vrfname", text, true}, {"table", unsigned_number}};
constexpr Key debug_keys[] = {{"cniOutput", text},
                              {"addHooks", list_of(texts)},
                              {"delHooks", list_of(texts)},
                              {"checkHooks", list_of(texts)}};

// IPAM plugins

constexpr Key route_keys[] = {{"dst", cidr, true}, {"gw", ip},           {"mtu", number},
                              {"advmss", number},  {"priority", number}, {"table", number},
                              {"scope", number}};
constexpr ObjectSchema route_schema{route_keys};
constexpr Type route = object(route_schema);

constexpr Key range_keys[] = {
    {"subnet", cidr, true}, {"rangeStart", ip}, {"rangeEnd", ip}, {"gateway", ip}};
constexpr ObjectSchema range_schema{range_keys, check_ip_range};
constexpr Type range = object(range_schema);
constexpr Type range_set = list_of(range);

constexpr Key host_local_keys[] = {{"type", text},
                                   {"subnet", cidr},
                                   {"rangeStart", ip},
                                   {"rangeEnd", ip},
                                   {"gateway", ip},
                                   {"ranges", list_of(range_set)},
                                   {"routes", list_of(route)},
                                   {"dataDir", text},
                                   {"resolvConf", text}};

constexpr Key address_keys[] = {{"address", cidr, true}, {"gateway", ip}, {"version", text}};
constexpr ObjectSchema address_schema{address_keys};
constexpr Type address = object(address_schema);
constexpr Key static_keys[] = {{"type", text},
                               {"addresses", list_of(address)},
                               {"routes", list_of(route)},
                               {"dns", object(dns_schema)}};

constexpr Key provide_keys[] = {{"option", text, true}, {"value", text}, {"fromArg", text}};
constexpr ObjectSchema provide_schema{provide_keys};
constexpr Type provide = object(provide_schema);
constexpr Key request_keys[] = {{"option", text}, {"skipDefault", flag}};
constexpr ObjectSchema request_schema{request_keys};
constexpr Type request = object(request_schema);
constexpr Key dhcp_keys[] = {{"type", text},
                             {"daemonSocketPath", text},
                             {"priority", number},
                             {"provide", list_of(provide)},
                             {"request", list_of(request)}};

// Lists

constexpr Key list_keys[] = {{"cniVersion", text},
                             {"cniVersions", texts},
                             {"name", text},
                             {"disableCheck", flag_or_text},
                             {"disableGC", flag_or_text},
                             {"loadOnlyInlinedPlugins", flag_or_text},
                             {"plugins", list_of(members)}};
constexpr ObjectSchema list{list_keys};

struct Entry {
    std::string_view type;
    ObjectSchema schema;
};

constexpr Entry plugins[] = {
    {"bandwidth", plugin(bandwidth_keys, check_bandwidth)},
    {"bridge", plugin(bridge_keys, check_bridge)},
    {"debug", plugin(debug_keys)},
    {"dummy", plugin(dummy_keys, check_needs_ipam)},
    {"firewall", plugin(firewall_keys)},
    {"flannel", plugin(flannel_keys, check_flannel)},
    {"host-device", plugin(host_device_keys, check_host_device)},
    {"ipvlan", plugin(ipvlan_keys)},
    {"loopback", plugin({})},
    {"macvlan", plugin(macvlan_keys)},
    {"portmap", plugin(portmap_keys)},
    {"ptp", plugin(ptp_keys, check_needs_ipam)},
    {"sample", plugin(sample_keys)},
    {"sbr", plugin(sbr_keys)},
    {"tap", plugin(tap_keys)},
    {"tuning", plugin(tuning_keys)},
    {"vlan", plugin(vlan_keys, check_needs_ipam)},
    {"vrf", plugin(vrf_keys)},
};
constexpr Entry ipam_plugins[] = {
    {"dhcp", {dhcp_keys}},
    {"host-local", {host_local_keys, check_host_local}},
    {"static", {static_keys}},
};

const ObjectSchema* find(std::span<const Entry> entries, std::string_view type) {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.type == type; });
    return found == entries.end() ? nullptr : &found->schema;
}

}  // namespace

const ObjectSchema* plugin_schema(std::string_view type) {
    return find(plugins, type);
}

const ObjectSchema* ipam_schema(std::string_view type) {
    return find(ipam_plugins, type);
}

const ObjectSchema& list_schema() {
    return list;
}

}  // namespace cni
