#include "runtime/validate/validate.h"

#include <algorithm>

#include "cni/args.h"
#include "cni/delegate.h"
#include "cni/version.h"
#include "runtime/conf_dir.h"
#include "runtime/netconf.h"
#include "runtime/validate/plugin_check.h"
#include "runtime/validate/syntax_hint.h"

namespace cni {
namespace {

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? "." : path.substr(0, slash);
}

std::string file_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string supported() {
    return join(supported_versions, ", ");
}

// What is no text, or has a NUL in it, is reported by the tables.
std::optional<std::string> text_of(const Json& object, std::string_view key) {
    try {
        const auto value = object.find(key);
        return value ? std::optional(value->as_string()) : std::nullopt;
    } catch (const ConfigError&) {
        return {};
    }
}

// Of a flag that may be text as well.
bool is_true(const Json& list, std::string_view key) {
    const auto flag = list.find_exact(key);
    return flag && (flag->is_string() ? lower(flag->as_string()) : flag->dump()) == "true";
}

// "cniVersions" may name versions of the future: one that is spoken must be among them.
void check_versions(const Json& list, const Json& versions, Problems& problems) {
    if (!versions.is_array()) return;
    auto candidates = versions.as_list();
    if (const auto version = list.find_exact("cniVersion")) candidates.push_back(*version);
    bool is_any_supported = false;
    for (const Json& candidate : candidates) {
        if (!candidate.is_string()) continue;
        const std::string version = candidate.as_string();
        is_any_supported = is_any_supported || is_supported(version);
        if (!Version::parse(version))
            problems.error(candidate, cat(quote(version), " is not a version"));
    }
    if (!is_any_supported)
        problems.error(versions, cat("no version is supported; supported are ", supported()));
}

void check_version(const Json& network, Problems& problems) {
    if (const auto versions = network.find_exact("cniVersions"))
        return check_versions(network, *versions, problems);
    const auto version = text_of(network, "cniVersion");
    if (!version) {
        if (!network.find("cniVersion"))
            problems.warning(network, "no \"cniVersion\": the plugins take it for 0.1.0");
    } else if (!version->empty() && !is_supported(*version)) {
        problems.error(
            *network.find("cniVersion"),
            cat("cniVersion ", quote(*version), " is not supported; supported are ", supported()));
    }
}

// What plugins are told of the version. Of one that nobody speaks, which has been reported, nothing
// more is said: the newest has all that a plugin may want.
std::string version_for_plugins(const std::string& given) {
    if (given.empty()) return std::string(supported_versions.front());
    return is_supported(given) ? given : std::string(supported_versions.back());
}

std::string version_of_single(const Json& plugin) {
    const auto key = plugin.find("cniVersion");
    if (key && !key->is_string()) return std::string(supported_versions.back());
    return version_for_plugins(key ? key->as_string() : "");
}

std::string version_of_list(const Json& list) {
    try {
        return version_for_plugins(NetworkList::choose_version(list));
    } catch (const Error&) {
        return std::string(supported_versions.back());
    }
}

// Plugins find keys in any letter case, runtimes those of a list only as they are spelt.
void check_spelling(const Json& list, Problems& problems) {
    for (const auto& [name, value] : list.members())
        for (const Key& key : list_schema().keys)
            if (lower(name) == lower(key.name) && name != key.name)
                problems.error(value, cat("key ", quote(name), " is not seen in a list: write ",
                                          quote(key.name)));
}

}  // namespace

bool Validator::has_errors() const {
    return std::ranges::find(problems_, false, &Problem::warning) != problems_.end();
}

void Validator::check_dir(const std::string& dir) {
    for (const std::string& file : conf_files(dir, {".conflist"})) check_file(cat(dir, "/", file));
    for (const std::string& file : conf_files(dir, {".conf", ".json"}))
        check_file(cat(dir, "/", file));
}

void Validator::check_file(const std::string& path) {
    check_text(path, read_conf(directory_of(path), file_of(path)));
}

void Validator::check_text(const std::string& path, const std::string& text) {
    check_text(path, text, path.ends_with(".conflist") ? Role::list : Role::single);
}

void Validator::check_text(const std::string& path, const std::string& text, Role role,
                           const Network& of_list) {
    ++files_;
    Problems problems(path, text);
    std::optional<Json> document;
    try {
        document = Json::parse(text, "JSON");
        problems.attempt(*document, [&] { check_document(*document, role, of_list, problems); });
    } catch (const JsonSyntaxError& error) {
        SyntaxHint hint = explain(text, error);
        problems.error(hint.offset, std::move(hint.message));
    }
    const auto folder_position = problems_.size();
    if (document && role == Role::list) check_folder(path, *document, problems);
    auto found = problems.take();
    problems_.insert(problems_.begin() + static_cast<std::ptrdiff_t>(folder_position),
                     std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
}

void Validator::check_document(const Json& json, Role role, const Network& of_list,
                               Problems& problems) {
    if (!json.is_object())
        problems.error(json, cat("must be a JSON object, not a ", json.type_name()));
    else if (role == Role::list)
        check_list(json, problems);
    else if (!json.find("type") && json.find("plugins"))
        problems.error(*json.find("plugins"),
                       "a list of plugins must be in a file ending in .conflist");
    else if (role == Role::single)
        check_single(json, problems);
    else
        check_plugin_of(of_list, json, problems);
}

void Validator::check_single(const Json& json, Problems& problems) {
    check_plugin_of({text_of(json, "name").value_or(""), version_of_single(json)}, json, problems);
    check_name(json, problems);
    check_version(json, problems);
}

void Validator::check_list(const Json& list, Problems& problems) {
    check_spelling(list, problems);
    check_object(list, list_schema(), problems);
    check_name(list, problems);
    check_version(list, problems);
    const Network network{text_of(list, "name").value_or(""), version_of_list(list)};
    const auto plugins = list.find_exact("plugins");
    if (plugins && plugins->is_array())
        for (const Json& plugin : plugins->as_list())
            if (plugin.is_object()) check_plugin_of(network, plugin, problems);
    // Whatever else a runtime would refuse.
    if (!problems.has_errors() && list.find("name"))
        problems.attempt(plugins.value_or(list), [&] { NetworkList::parse(list); });
}

void Validator::check_folder(const std::string& list_path, const Json& list, Problems& problems) {
    const std::string name = text_of(list, "name").value_or("");
    const bool has_folder = is_valid_identifier(name) && !is_true(list, "loadOnlyInlinedPlugins");
    const std::string folder = cat(directory_of(list_path), "/", name);
    const auto files = has_folder ? conf_files(folder, {".conf"}) : std::vector<std::string>{};
    for (const std::string& file : files)
        check_text(cat(folder, "/", file), read_conf(folder, file), Role::member,
                   {name, version_of_list(list)});
    if (!files.empty() || list.find("plugins")) return;
    if (const auto type = list.find("type"))
        problems.error(*type,
                       "a single plugin configuration must be in a file ending in .conf, or "
                       "be an element of \"plugins\"");
    else
        problems.error(list, cat("no \"plugins\", and none in ", folder));
}

void Validator::check_plugin_of(const Network& network, const Json& plugin, Problems& problems) {
    const auto type = text_of(plugin, "type");
    if (!type || type->empty()) {
        problems.error(plugin,
                       cat(describe(plugin), " needs the key \"type\": the name of a plugin"));
        return;
    }
    check_plugin({.text = {}, .json = plugin, .cni_version = network.version, .name = network.name},
                 known_, problems);
    check_installed(plugin, problems);
    if (const auto ipam = plugin.find("ipam")) check_installed(*ipam, problems);
}

void Validator::check_installed(const Json& object, Problems& problems) {
    const auto type = text_of(object, "type");
    if (!type || type->empty() || plugin_path_.empty()) return;
    problems.attempt(*object.find("type"), [&] { find_plugin(*type, plugin_path_); });
}

void Validator::check_name(const Json& network, Problems& problems) {
    const auto name = text_of(network, "name");
    if (!name) {
        if (network.find("name")) return;
        if (namer_ == Namer::multus)
            problems.warning(network, "no \"name\": it is that of the NetworkAttachmentDefinition");
        else
            problems.error(network, "no \"name\" for the network");
        return;
    }
    const Json key = *network.find("name");
    if (!is_valid_identifier(*name))
        problems.error(key, cat("network name ", quote(*name),
                                " must be of letters, digits, \"_\", "
                                "\".\" and \"-\" and begin with a letter or digit"));
    const auto [entry, is_new] = networks_.emplace(*name, problems.file());
    if (!is_new)
        problems.error(key, cat("network ", quote(*name), " is already in ", entry->second));
}

}  // namespace cni
