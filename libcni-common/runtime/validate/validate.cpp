#include "runtime/validate/validate.h"

#include <algorithm>

#include "cni/args.h"
#include "cni/delegate.h"
#include "cni/version.h"
#include "runtime/conf_dir.h"
#include "runtime/validate/key_tables.h"
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

// Wrong types are reported by the tables.
std::optional<std::string> text_of(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    if (!value || !value->is_string()) return {};
    return value->as_string();
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

void check_expressible_ipam(const Json& ipam, const std::string& version, Problems& problems) {
    const ObjectSchema* schema = ipam_schema(text_of(ipam, "type").value_or(""));
    if (!schema || !schema->require_expressible) return;
    problems.attempt(ipam, [&] { schema->require_expressible(ipam, version); });
}

// As a plugin that is asked to ADD in this version.
void check_expressible(const Json& plugin, const std::string& given, Problems& problems) {
    const std::string version = given.empty() ? "0.1.0" : given;
    const ObjectSchema* schema = plugin_schema(text_of(plugin, "type").value_or(""));
    if (!schema || !is_supported(version)) return;
    const auto ipam = plugin.find("ipam");
    if (ipam && ipam->is_object()) check_expressible_ipam(*ipam, version, problems);
    if (schema->lacks_address && schema->lacks_address(plugin))
        problems.attempt(plugin, [&] { Result{}.require_printable(version); });
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
    return std::any_of(problems_.begin(), problems_.end(),
                       [](const Problem& p) { return !p.warning; });
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

void Validator::check_text(const std::string& path, const std::string& text, Role role) {
    ++files_;
    Problems problems(path, text);
    std::optional<Json> document;
    try {
        document = Json::parse(text, "JSON");
        check_document(*document, role, problems);
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

void Validator::check_document(const Json& json, Role role, Problems& problems) {
    if (!json.is_object())
        problems.error(json, cat("must be a JSON object, not a ", json.type_name()));
    else if (role == Role::list)
        check_list(json, problems);
    else
        check_single(json, role, problems);
}

void Validator::check_single(const Json& json, Role role, Problems& problems) {
    if (!json.find("type") && json.find("plugins")) {
        problems.error(*json.find("plugins"),
                       "a list of plugins must be in a file ending in .conflist");
        return;
    }
    check_plugin(json, problems);
    if (role == Role::member) return;  // gets name and version from its list
    check_name(json, problems);
    check_version(json, problems);
    check_expressible(json, text_of(json, "cniVersion").value_or(""), problems);
}

void Validator::check_list(const Json& list, Problems& problems) {
    check_spelling(list, problems);
    check_object(list, list_schema(), problems);
    check_name(list, problems);
    check_version(list, problems);
    const auto plugins = list.find_exact("plugins");
    if (plugins && plugins->is_array())
        for (const Json& plugin : plugins->as_list())
            if (plugin.is_object()) check_plugin(plugin, problems);
    // Whatever else a runtime would refuse.
    if (problems.has_errors() || !list.find("name")) return;
    problems.attempt(plugins.value_or(list), [&] {
        const std::string version = NetworkList::parse(list.dump()).cni_version;
        if (!plugins) return;
        for (const Json& plugin : plugins->as_list()) check_expressible(plugin, version, problems);
    });
}

void Validator::check_folder(const std::string& list_path, const Json& list, Problems& problems) {
    const std::string name = text_of(list, "name").value_or("");
    const bool has_folder = is_valid_identifier(name) && !is_true(list, "loadOnlyInlinedPlugins");
    const std::string folder = cat(directory_of(list_path), "/", name);
    const auto files = has_folder ? conf_files(folder, {".conf"}) : std::vector<std::string>{};
    for (const std::string& file : files)
        check_text(cat(folder, "/", file), read_conf(folder, file), Role::member);
    if (!files.empty() || list.find("plugins")) return;
    if (const auto type = list.find("type"))
        problems.error(*type,
                       "a single plugin configuration must be in a file ending in .conf, or "
                       "be an element of \"plugins\"");
    else
        problems.error(list, cat("no \"plugins\", and none in ", folder));
}

void Validator::check_plugin(const Json& plugin, Problems& problems) {
    const auto type = text_of(plugin, "type");
    if (!type || type->empty()) {
        problems.error(plugin,
                       cat(describe(plugin), " needs the key \"type\": the name of a plugin"));
        return;
    }
    if (const ObjectSchema* schema = plugin_schema(*type))
        check_object(plugin, *schema, problems);
    else
        problems.warning(*plugin.find("type"),
                         cat("plugin ", quote(*type), " is not known: its keys are not checked"));
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
