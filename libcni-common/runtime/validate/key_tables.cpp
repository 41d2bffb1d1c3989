// The keys of network lists, of all plugins together, and of the reference plugins that have no
// folder here: one that gets a folder takes its own along, into its keys.cpp.
#include "runtime/validate/key_tables.h"

#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constinit const KnownKeys* first_plugin = nullptr;
constinit const KnownKeys* first_ipam_plugin = nullptr;

// What every plugin may have

constexpr Type ipam{.kind = Kind::ipam};
constexpr Type flags = map_of(flag);
constexpr Key common_keys[] = {{"cniVersion", text},    {"name", text},
                               {"type", text},          {"capabilities", flags},
                               {"ipam", ipam},          {"dns", object(dns_schema)},
                               {"prevResult", members}, {"runtimeConfig", members},
                               {"args", members},       {"logFile", absolute_path}};
constexpr ObjectSchema common{common_keys};

// Interface plugins

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

constexpr std::string_view firewall_backends[] = {"", "iptables", "nftables", "firewalld"};
constexpr std::string_view ingress_policies[] = {"", "open", "same-bridge", "isolated"};
constexpr Key firewall_keys[] = {{"backend", one_of(firewall_backends)},
                                 {"iptablesAdminChainName", text},
                                 {"firewalldZone", text},
                                 {"ingressPolicy", one_of(ingress_policies)}};

constexpr Type rate = between(0, std::numeric_limits<std::int64_t>::max());  // bit/s
// A bucket is counted in 32 bits of bytes by the kernel.
constexpr Type burst = between(0, 8 * std::int64_t{std::numeric_limits<std::uint32_t>::max()} - 1);
constexpr Key bandwidth_keys[] = {
    {"ingressRate", rate}, {"ingressBurst", burst}, {"egressRate", rate}, {"egressBurst", burst}};
constexpr Key sbr_keys[] = {
    {"table", unsigned_number}, {"gateways", list_of(ip)}, {"addSourceHints", flag}};
constexpr Key vrf_keys[] = {{"vrfname", text, true}, {"table", unsigned_number}};

const PluginKeys plugins[] = {
    {"bandwidth", bandwidth_keys, check_bandwidth},
    {"dummy", dummy_keys, check_needs_ipam},
    {"firewall", firewall_keys},
    {"flannel", flannel_keys, check_flannel},
    {"host-device", host_device_keys, check_host_device},
    {"ipvlan", ipvlan_keys},
    {"macvlan", macvlan_keys, nullptr, lacks_ipam_type},
    {"sbr", sbr_keys},
    {"tap", tap_keys},
    {"vlan", vlan_keys, check_needs_ipam},
    {"vrf", vrf_keys},
};

// IPAM plugins

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
const IpamKeys dhcp("dhcp", dhcp_keys);

// Lists

constexpr Key list_keys[] = {{"cniVersion", text},
                             {"cniVersions", texts},
                             {"name", text},
                             {"disableCheck", flag_or_text},
                             {"disableGC", flag_or_text},
                             {"loadOnlyInlinedPlugins", flag_or_text},
                             {"plugins", list_of(members)}};
constexpr ObjectSchema list{list_keys};

}  // namespace

KnownKeys::KnownKeys(const KnownKeys*& first, std::string_view type,
                     const ObjectSchema& schema) noexcept
    : type_(type), schema_(schema), next_(first) {
    first = this;
}

const ObjectSchema* KnownKeys::find(const KnownKeys* first, std::string_view type) {
    for (const KnownKeys* known = first; known; known = known->next_)
        if (known->type_ == type) return &known->schema_;
    return nullptr;
}

PluginKeys::PluginKeys(std::string_view type, std::span<const Key> keys, KeysCheck check,
                       AddressQuestion lacks_address) noexcept
    : KnownKeys(first_plugin, type, {keys, check, &common, lacks_address}) {}

IpamKeys::IpamKeys(std::string_view type, std::span<const Key> keys, IpamCheck check,
                   VersionCheck require_expressible) noexcept
    : KnownKeys(first_ipam_plugin, type,
                {.keys = keys, .check_within = check, .require_expressible = require_expressible}) {
}

const ObjectSchema* plugin_schema(std::string_view type) {
    return KnownKeys::find(first_plugin, type);
}

const ObjectSchema* ipam_schema(std::string_view type) {
    return KnownKeys::find(first_ipam_plugin, type);
}

const ObjectSchema& list_schema() {
    return list;
}

}  // namespace cni
