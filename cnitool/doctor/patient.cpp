#include "patient.h"

#include <algorithm>

#include "runtime/conf_dir.h"

namespace cni::tool {
namespace {

std::vector<std::string> names_of_networks(const std::string& dir) {
    std::vector<std::string> names;
    for (const std::string& file : conf_files(dir, {".conflist", ".conf", ".json"})) try {
            std::string name = Json::parse(read_conf(dir, file), file).string_or("name", "");
            if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
        } catch (const Error&) {
        }
    return names;
}

// What cannot be read is found by the check of configurations.
std::vector<NetworkList> networks_in(const std::string& dir) try {
    std::vector<NetworkList> networks;
    for (const std::string& name : names_of_networks(dir)) try {
            networks.push_back(load_network(dir, name));
        } catch (const Error&) {
        }
    return networks;
} catch (const Error&) {
    return {};
}

// "" without one, and where it is no text.
std::string text_of(const Json& object, std::string_view key) try {
    return object.is_object() ? object.string_or(key, "") : "";
} catch (const Error&) {
    return {};
}

}  // namespace

Patient Patient::examine(const StateFolders& folders, std::string conf_dir,
                         std::string plugin_path) {
    Patient patient{.conf_dir = std::move(conf_dir),
                    .plugin_path = std::move(plugin_path),
                    .networks = {},
                    .node = survey(folders, ""),
                    .ranges = {},
                    .leases = {}};
    patient.networks = networks_in(patient.conf_dir);
    patient.ranges = known_ranges(patient.conf_dir, patient.node, "");
    patient.leases = judge_leases(patient.node);
    return patient;
}

const Link* Patient::find_link(std::string_view name) const {
    const auto found = std::ranges::find(node.links, name, &Link::name);
    return found == node.links.end() ? nullptr : &*found;
}

bool Patient::is_alive(std::string_view network) const {
    return std::ranges::any_of(
        node.list, [&](const auto& one) { return one.network == network && one.is_alive(); });
}

std::set<std::string> Patient::needed_types() const {
    std::set<std::string> types;
    for (const NetworkList& network : networks)
        for (const PluginConf& plugin : network.plugins) {
            types.insert(plugin.type);
            const auto ipam = plugin.json.find("ipam");
            if (std::string type = ipam ? text_of(*ipam, "type") : ""; !type.empty())
                types.insert(std::move(type));
        }
    return types;
}

std::optional<std::string> bridge_of(const PluginConf& plugin) {
    if (plugin.type != "bridge") return {};
    std::string name = text_of(plugin.json, "bridge");
    return name.empty() ? "cni0" : name;
}

bool is_true(const Json& object, std::string_view key) try {
    return object.bool_or(key, false);
} catch (const Error&) {
    return false;
}

bool has_plugin(const NetworkList& network, std::string_view type) {
    return std::ranges::find(network.plugins, type, &PluginConf::type) != network.plugins.end();
}

bool routes_through_host(const NetworkList& network) {
    return std::ranges::any_of(network.plugins, [](const PluginConf& plugin) {
        return plugin.type == "ptp" ||
               (plugin.type == "bridge" &&
                (is_true(plugin.json, "isGateway") || is_true(plugin.json, "isDefaultGateway")));
    });
}

}  // namespace cni::tool
