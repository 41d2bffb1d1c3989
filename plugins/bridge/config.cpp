#include "config.h"

#include <algorithm>

#include "cni/masquerade_backend.h"
#include "cni/vlan_id.h"
#include "cni/wished_mac.h"

namespace cni::bridge {
namespace {

Error invalid(std::string msg, std::string details = {}) {
    return Error(Code::invalid_config, std::move(msg), std::move(details));
}

std::uint16_t trunk_id(const Json& id, std::string_view problem) {
    try {
        return static_cast<std::uint16_t>(id.as_int(1, max_vlan_id));
    } catch (const Error& error) {
        throw ConfigError(id, std::string(problem), error.what());
    }
}

void parse_vlans(Config& config, const Json& json) {
    config.vlan = parse_vlan_id(json, "vlan");
    std::set<std::uint16_t> ids;
    for (const Json& entry : json.list("vlanTrunk")) ids.merge(parse_trunk_entry(entry));
    config.has_trunk = json.find("vlanTrunk").has_value();
    config.trunk.assign(ids.begin(), ids.end());
    config.preserve_default_vlan = json.bool_or("preserveDefaultVlan", false);
}

std::string parse_bridge_name(const Json& json) {
    std::string name = json.string_or("bridge", "cni0");
    if (is_ifname(name)) return name;
    throw ConfigError(json.find("bridge").value_or(json),
                      cat("failed to create bridge ", quote(name), ": invalid interface name"),
                      "\"bridge\" needs 1 to 15 bytes without \"/\", \":\" or white space");
}

void require_consistent(const Config& config, const Json& json) {
    if (config.layer3 && config.leave_container_link_down)
        throw ConfigError(*json.find("disableContainerInterface"),
                          "cannot use IPAM when DisableContainerInterface flag is set");
    if (config.port.hairpin && config.promiscuous)
        throw ConfigError(*json.find("promiscMode"),
                          "cannot set hairpin mode and promiscuous mode at the same time");
}

std::optional<Mac> parse_mac(const Request& request) {
    const std::string text =
        wished_mac_text(request.conf, request.args.cni_args,
                        {MacSource::cni_args, MacSource::args_cni, MacSource::runtime_config});
    if (text.empty()) return {};
    const auto mac = Mac::parse(text);
    if (!mac)
        throw invalid(cat("failed to make veth pair: address ", text, ": invalid MAC address"));
    if (mac->is_multicast() || mac->is_zero())
        throw invalid("failed to make veth pair: cannot assign requested address",
                      cat(text, " is not the address of one interface"));
    return mac;
}

}  // namespace

std::vector<PortVlan> Config::port_vlans() const {
    std::vector<PortVlan> vlans;
    // The port's own VLAN stays untagged also when the trunk lists it.
    if (vlan != 0) vlans.push_back({vlan, true, true});
    for (const auto id : trunk)
        if (id != vlan) vlans.push_back({id, false, false});
    // A trunk alone keeps untagged frames in the default VLAN.
    if (vlan == 0 && !trunk.empty()) {
        std::erase_if(vlans, [](const PortVlan& v) { return v.id == 1; });
        vlans.push_back({1, true, true});
    }
    return vlans;
}

std::set<std::uint16_t> parse_trunk_entry(const Json& entry) {
    if (!entry.is_object()) throw entry.invalid("must be an object with id, or minID and maxID");
    std::set<std::uint16_t> ids;
    const auto min = entry.find("minID"), max = entry.find("maxID"), id = entry.find("id");
    constexpr std::string_view together = "minID and maxID should be configured simultaneously, ";
    if (min && !max) throw ConfigError(entry, cat(together, "maxID is missing"), entry.path());
    if (max && !min) throw ConfigError(entry, cat(together, "minID is missing"), entry.path());
    if (min) {
        const auto first = trunk_id(*min, "incorrect trunk minID parameter");
        const auto last = trunk_id(*max, "incorrect trunk maxID parameter");
        if (first > last)
            throw ConfigError(entry, "minID is greater than maxID in trunk parameter",
                              entry.path());
        for (unsigned i = first; i <= last; ++i) ids.insert(static_cast<std::uint16_t>(i));
    }
    if (id) ids.insert(trunk_id(*id, "incorrect trunk id parameter"));
    return ids;
}

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    config.bridge = parse_bridge_name(json);
    config.is_default_gateway = json.bool_or("isDefaultGateway", false);
    config.is_gateway = json.bool_or("isGateway", false) || config.is_default_gateway;
    config.force_address = json.bool_or("forceAddress", false);
    config.ip_masq = json.bool_or("ipMasq", false);
    config.masquerade_backend = masquerade_backend(json);
    config.mtu = conf.mtu();
    config.port.hairpin = json.bool_or("hairpinMode", false);
    config.port.isolated = json.bool_or("portIsolation", false);
    config.promiscuous = json.bool_or("promiscMode", false);
    parse_vlans(config, json);
    config.spoof_check = json.bool_or("macspoofchk", false);
    config.dad = json.bool_or("enabledad", false) ? Dad::on : Dad::off;
    config.leave_container_link_down = json.bool_or("disableContainerInterface", false);
    config.layer3 = !conf.ipam_type().empty();
    require_consistent(config, json);
    return config;
}

Config parse_config(const Request& request) {
    Config config = parse_config(request.conf);
    config.mac = parse_mac(request);
    return config;
}

}  // namespace cni::bridge
