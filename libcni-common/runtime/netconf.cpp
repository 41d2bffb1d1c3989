#include "runtime/netconf.h"

#include <algorithm>

#include "cni/json_writer.h"
#include "cni/version.h"

namespace cni {
namespace {

constexpr std::string_view in_plugin = "error parsing configuration: ";

// The names under which the reference library reports types.
std::string_view reported_type(const Json& json) {
    constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"null", "<nil>"},           {"bool", "bool"},
        {"number", "float64"},       {"string", "string"},
        {"array", "[]interface {}"}, {"object", "map[string]interface {}"},
    };
    const auto name =
        std::ranges::find(names, json.type_name(), [](const auto& n) { return n.first; });
    return name->second;
}

Error list_error(std::string_view problem) {
    return Error(Code::invalid_config, cat("error parsing configuration list: ", problem));
}

Error version_error(std::string_view where, std::string_view version) {
    return list_error(
        cat("invalid ", where, ": ", quote(version), " is not a version (major.minor.patch)"));
}

bool read_flag(const Json& list, std::string_view key) {
    const auto value = list.find_exact(key);
    if (!value) return false;
    if (value->is_bool()) return value->as_bool();
    if (!value->is_string())
        throw list_error(cat("invalid type ", reported_type(*value), " for ", key));
    const std::string text = lower(value->as_string());
    if (text != "true" && text != "false")
        throw list_error(cat("invalid value ", quote(text), " for ", key));
    return text == "true";
}

std::string read_name(const Json& list) {
    const auto name = list.find_exact("name");
    if (!name) throw list_error("no name");
    if (!name->is_string()) throw list_error(cat("invalid name type ", reported_type(*name)));
    return name->as_string();
}

std::string read_entry(const Json& entry, std::size_t index) {
    if (!entry.is_string())
        throw list_error(
            cat("invalid type for cniVersions index ", index, ": ", reported_type(entry)));
    std::string version = entry.as_string();
    if (!Version::parse(version))
        throw version_error(cat("cniVersions entry ", version, " at index ", index), version);
    return version;
}

// The highest of `candidates` that this suite speaks; `otherwise` when there is none.
std::string highest_spoken(const std::vector<std::string>& candidates, std::string otherwise) {
    const auto newest = Version::parse(supported_versions.back()).value();
    Version best{-1, 0, 0};
    for (const std::string& candidate : candidates) {
        const Version version = Version::parse(candidate).value();
        if (version > newest || version <= best) continue;
        best = version;
        otherwise = candidate;
    }
    return otherwise;
}

std::vector<PluginConf> read_plugins(const Json& list, bool only_inlined) {
    const auto key = list.find_exact("plugins");
    if (!key) {
        if (only_inlined)
            throw list_error("`loadOnlyInlinedPlugins` is true, and no 'plugins' key");
        return {};
    }
    if (!key->is_array()) throw list_error(cat("invalid 'plugins' type ", reported_type(*key)));
    std::vector<PluginConf> plugins;
    for (const Json& plugin : key->as_list()) {
        try {
            plugins.push_back(PluginConf::parse(plugin));
        } catch (const Error& error) {
            throw Error(error.code,
                        cat("failed to parse plugin config ", plugins.size(), ": ", error.msg),
                        error.details);
        }
    }
    if (plugins.empty()) throw list_error("no plugins in list");
    return plugins;
}

std::string read_text(const Json& plugin, std::string_view key) {
    try {
        return plugin.string_or(key, "");
    } catch (const Error& error) {
        throw Error(error.code, cat(in_plugin, error.msg), error.details);
    }
}

void require_flags(const Json& plugin) {
    const auto capabilities = plugin.find("capabilities");
    if (!capabilities) return;
    try {
        for (const auto& [key, value] : capabilities->members())
            if (!value.is_null()) value.as_bool();
    } catch (const Error& error) {
        throw Error(error.code, cat(in_plugin, error.msg), error.details);
    }
}

}  // namespace

PluginConf PluginConf::parse(std::string_view text) {
    return parse(Json::parse(text, in_plugin.substr(0, in_plugin.size() - 2)));
}

PluginConf PluginConf::parse(const Json& json) {
    if (!json.is_object())
        throw Error(Code::decoding_failure,
                    cat(in_plugin, "must be a JSON object, not ", json.kind()));
    PluginConf plugin{read_text(json, "type"), read_text(json, "name"), json};
    if (plugin.type.empty()) throw Error(Code::invalid_config, cat(in_plugin, "missing 'type'"));
    require_flags(json);
    return plugin;
}

std::string NetworkList::choose_version(const Json& list) {
    std::string version;
    if (const auto key = list.find_exact("cniVersion")) {
        if (!key->is_string())
            throw list_error(cat("invalid cniVersion type ", reported_type(*key)));
        version = key->as_string();
    }
    const auto versions = list.find_exact("cniVersions");
    if (!versions) return version;
    if (!versions->is_array())
        throw list_error(cat("invalid type for cniVersions: ", reported_type(*versions)));
    std::vector<std::string> candidates;
    for (const Json& entry : versions->as_list())
        candidates.push_back(read_entry(entry, candidates.size()));
    if (!version.empty()) {
        if (!Version::parse(version)) throw version_error(cat("cniVersion ", version), version);
        candidates.push_back(version);
    }
    return highest_spoken(candidates, version);
}

NetworkList NetworkList::parse(std::string text) {
    NetworkList list = parse(Json::parse(text, "error parsing configuration list"));
    list.text = std::move(text);
    return list;
}

NetworkList NetworkList::parse(const Json& json) {
    if (!json.is_object()) throw list_error(cat("must be a JSON object, not ", json.kind()));
    NetworkList list{.name = read_name(json),
                     .cni_version = choose_version(json),
                     .disable_check = read_flag(json, "disableCheck"),
                     .disable_gc = read_flag(json, "disableGC"),
                     .load_only_inlined = read_flag(json, "loadOnlyInlinedPlugins"),
                     .plugins = {},
                     .text = {}};
    list.plugins = read_plugins(json, list.load_only_inlined);
    return list;
}

NetworkList NetworkList::wrap(std::string_view text) {
    PluginConf plugin = PluginConf::parse(text);
    NetworkList list;
    list.name = plugin.name;
    list.cni_version = read_text(plugin.json, "cniVersion");
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object().member("cniVersion", list.cni_version).member("name", list.name);
    out.key("plugins").begin_array().raw(plugin.json.dump()).end_array().end_object();
    list.text = out.take();
    list.plugins.push_back(std::move(plugin));
    return list;
}

bool NetworkList::speaks(std::string_view least) const {
    if (!cni_version.empty() && !Version::parse(cni_version))
        throw Error(Code::invalid_config, cat("invalid cniVersion ", quote(cni_version)),
                    cat("network ", quote(name)));
    return at_least(cni_version, least);
}

}  // namespace cni
