#include "runtime/validate/json_schema.h"

#include <algorithm>
#include <utility>

#include "base/release.h"
#include "cni/json_writer.h"
#include "cni/version.h"

namespace cni {
namespace {

// What accessors read: "" is unset. Of IPv6 the letters alone, its grammar is no pattern to read.
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define IPV4 OCTET "(\\." OCTET "){3}"
#define IPV6 "[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
constexpr std::string_view ip_pattern = "^(" IPV4 "|" IPV6 ")?$";
constexpr std::string_view cidr_pattern =
    "^(" IPV4 "/([0-9]|[12][0-9]|3[0-2])|" IPV6 "/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))?$";
#undef OCTET
#undef IPV4
#undef IPV6
constexpr std::string_view mac_pattern =
    "^([0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}|"
    "[0-9A-Fa-f]{4}(\\.[0-9A-Fa-f]{4}){2})?$";
constexpr std::string_view ifname_pattern = "^(?!\\.{1,2}$)[^/:\\s]{1,15}$";
constexpr std::string_view path_pattern = "^(/|$)";
constexpr std::string_view name_pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]*$";
constexpr std::string_view version_pattern = "^[0-9]+(\\.[0-9]+){0,2}$";
constexpr std::string_view flag_pattern = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$";

std::string ipam_name(std::string_view type) {
    return cat("ipam.", type);
}

class SchemaWriter {
public:
    explicit SchemaWriter(const KnownPlugins& known) : known_(known) {}

    std::string of_list();
    std::string of_single();
    std::string of_plugin(const PluginKeys& keys);
    std::string of_ipam(const PluginKeys& keys);

private:
    void begin(std::string_view title);
    std::string end() { return out_.end_object().take() + "\n"; }
    void write_type(const Type& type);
    void write_members(const Type& type);
    void write_pattern(std::string_view pattern);
    void write_integer(const Type& type);
    void write_list_of_texts(std::string_view key, std::span<const std::string_view> texts);
    void write_property(const Key& key, const PluginKeys* named = nullptr);
    void write_object(const ObjectSchema& schema);
    void write_plugin(const PluginKeys& keys);
    void write_ipam(const PluginKeys& keys);
    void write_about(const PluginKeys& keys);
    void write_choice_of(std::span<const PluginKeys* const> plugins, bool is_ipam);
    void write_any_plugin();
    void write_any_ipam();
    void write_value_definitions();
    void write_ipam_definitions();
    void write_definitions();
    void write_reference(std::string_view name) { out_.member("$ref", cat("#/$defs/", name)); }
    void write_network_name();
    void write_spoken_version();

    const KnownPlugins& known_;
    JsonWriter out_{JsonWriter::Layout::narrow};
    const PluginKeys* named_ = nullptr;  // whose object is being written: its "type" is known
};

void SchemaWriter::begin(std::string_view title) {
    out_.begin_object()
        .member("$schema", "https://json-schema.org/draft/2020-12/schema")
        .member("title", title)
        .member("$comment", cat("cnixx ", release));
}

void SchemaWriter::write_pattern(std::string_view pattern) {
    out_.member("type", "string").member("pattern", pattern);
}

void SchemaWriter::write_integer(const Type& type) {
    out_.member("type", "integer").member("minimum", type.min).member("maximum", type.max);
}

void SchemaWriter::write_list_of_texts(std::string_view key,
                                       std::span<const std::string_view> texts) {
    out_.key(key).begin_array();
    for (const auto text : texts) out_.value(text);
    out_.end_array();
}

void SchemaWriter::write_type(const Type& type) {
    out_.begin_object();
    write_members(type);
    out_.end_object();
}

void SchemaWriter::write_members(const Type& type) {
    switch (type.kind) {
        case Kind::any:
            return;
        case Kind::flag:
            out_.member("type", "boolean");
            return;
        case Kind::flag_or_text:
            out_.key("type").begin_array().value("boolean").value("string").end_array();
            out_.member("pattern", flag_pattern);  // of a string
            return;
        case Kind::integer:
        case Kind::parsed_integer:
            return write_integer(type);
        case Kind::text:
            out_.member("type", "string");
            return;
        case Kind::absolute_path:
            return write_pattern(path_pattern);
        case Kind::choice:
            return write_list_of_texts("enum", type.choices);
        case Kind::ip:
            return write_reference("value.ip");
        case Kind::cidr:
            return write_reference("value.cidr");
        case Kind::mac:
            return write_reference("value.mac");
        case Kind::ifname:
            return write_pattern(ifname_pattern);
        case Kind::list:
            out_.member("type", "array").key("items");
            return write_type(*type.element);
        case Kind::map:
            out_.member("type", "object").key("additionalProperties");
            return write_type(*type.element);
        case Kind::object:
            return write_object(*type.object);
        case Kind::ipam:
            return write_reference("ipam");
    }
}

void SchemaWriter::write_property(const Key& key, const PluginKeys* named) {
    out_.key(key.name);
    if (named && key.name == "type")
        out_.begin_object().member("const", named->type).end_object();
    else
        write_type(key.type);
}

// Keys of the plugin's own come first, and in the place of common ones.
void SchemaWriter::write_object(const ObjectSchema& schema) {
    const PluginKeys* named = std::exchange(named_, nullptr);
    out_.member("type", "object").key("properties").begin_object();
    for (const Key& key : schema.keys) write_property(key, named);
    if (schema.common)
        for (const Key& key : schema.common->keys)
            if (!ObjectSchema{schema.keys}.find(key.name)) write_property(key, named);
    out_.end_object().member("additionalProperties", false);
    std::vector<std::string_view> required;
    for (const Key& key : schema.keys)
        if (key.required) required.push_back(key.name);
    if (named) required.push_back("type");
    if (!required.empty()) write_list_of_texts("required", required);
}

void SchemaWriter::write_about(const PluginKeys& keys) {
    if (!keys.about.empty())
        out_.member("description", cat(keys.type, " ", keys.about, ": docs/plugins/", keys.type,
                                       ".md tells the meaning of its keys"));
}

void SchemaWriter::write_plugin(const PluginKeys& keys) {
    write_about(keys);
    named_ = &keys;
    write_object({keys.keys, &common_schema()});
}

void SchemaWriter::write_ipam(const PluginKeys& keys) {
    write_about(keys);
    named_ = &keys;
    write_object({keys.keys});
}

// Each "type" has its definition; others may be anything.
void SchemaWriter::write_choice_of(std::span<const PluginKeys* const> plugins, bool is_ipam) {
    out_.key("properties").begin_object().key("type").begin_object();
    out_.member("type", "string").member("minLength", 1).key("examples").begin_array();
    for (const PluginKeys* keys : plugins) out_.value(keys->type);
    out_.end_array().end_object().end_object().key("allOf").begin_array();
    for (const PluginKeys* keys : plugins) {
        out_.begin_object().key("if").begin_object();
        out_.key("properties").begin_object().key("type").begin_object();
        out_.member("const", keys->type).end_object().end_object();
        out_.key("required").begin_array().value("type").end_array().end_object();
        out_.key("then").begin_object();
        write_reference(is_ipam ? ipam_name(keys->type) : std::string(keys->type));
        out_.end_object().end_object();
    }
    out_.end_array();
}

void SchemaWriter::write_any_plugin() {
    out_.key("plugin").begin_object().member("type", "object");
    out_.key("required").begin_array().value("type").end_array();
    write_choice_of(known_.plugins, false);
    out_.end_object();
}

// An empty one is as good as none.
void SchemaWriter::write_any_ipam() {
    out_.key("ipam").begin_object().member("type", "object");
    out_.key("if").begin_object().member("minProperties", 1).end_object();
    out_.key("then").begin_object().key("required").begin_array().value("type").end_array();
    out_.end_object();
    write_choice_of(known_.ipam, true);
    out_.end_object();
}

// Long ones that occur often.
void SchemaWriter::write_value_definitions() {
    constexpr std::pair<std::string_view, std::string_view> patterns[] = {
        {"value.ip", ip_pattern}, {"value.cidr", cidr_pattern}, {"value.mac", mac_pattern}};
    for (const auto& [name, pattern] : patterns) {
        out_.key(name).begin_object();
        write_pattern(pattern);
        out_.end_object();
    }
}

void SchemaWriter::write_ipam_definitions() {
    write_value_definitions();
    write_any_ipam();
    for (const PluginKeys* keys : known_.ipam) {
        out_.key(ipam_name(keys->type)).begin_object();
        write_ipam(*keys);
        out_.end_object();
    }
}

void SchemaWriter::write_definitions() {
    out_.key("$defs").begin_object();
    write_any_plugin();
    for (const PluginKeys* keys : known_.plugins) {
        out_.key(keys->type).begin_object();
        write_plugin(*keys);
        out_.end_object();
    }
    write_ipam_definitions();
    out_.end_object();
}

void SchemaWriter::write_network_name() {
    out_.key("name").begin_object();
    write_pattern(name_pattern);
    out_.end_object();
}

void SchemaWriter::write_spoken_version() {
    std::vector<std::string_view> versions{""};
    versions.insert(versions.end(), supported_versions.begin(), supported_versions.end());
    out_.key("cniVersion").begin_object();
    write_list_of_texts("enum", versions);
    out_.end_object();
}

std::string SchemaWriter::of_list() {
    begin("A network of CNI: a .conflist file");
    out_.member("type", "object").key("properties").begin_object();
    write_network_name();
    out_.key("plugins").begin_object().member("type", "array").member("minItems", 1);
    out_.key("items").begin_object();
    write_reference("plugin");
    out_.end_object().end_object();
    out_.key("cniVersions").begin_object().member("type", "array").key("items").begin_object();
    write_pattern(version_pattern);
    out_.end_object().end_object();
    for (const Key& key : list_schema().keys)
        if (key.name != "name" && key.name != "plugins" && key.name != "cniVersions")
            write_property(key);
    out_.end_object().member("additionalProperties", false);
    out_.key("required").begin_array().value("name").end_array();
    // Of several versions those of the future are left out.
    out_.key("if").begin_object().key("required").begin_array().value("cniVersions");
    out_.end_array().end_object().key("else").begin_object().key("properties").begin_object();
    write_spoken_version();
    out_.end_object().end_object();
    write_definitions();
    return end();
}

std::string SchemaWriter::of_single() {
    begin("A network of CNI with one plugin: a .conf file");
    write_reference("plugin");
    out_.key("properties").begin_object();
    write_network_name();
    write_spoken_version();
    out_.end_object().key("required").begin_array().value("name").end_array();
    write_definitions();
    return end();
}

std::string SchemaWriter::of_plugin(const PluginKeys& keys) {
    begin(cat("What a network of CNI says to ", keys.type));
    write_plugin(keys);
    out_.key("$defs").begin_object();
    write_ipam_definitions();
    out_.end_object();
    return end();
}

std::string SchemaWriter::of_ipam(const PluginKeys& keys) {
    begin(cat("What \"ipam\" of a plugin of CNI says to ", keys.type));
    write_ipam(keys);
    out_.key("$defs").begin_object();
    write_value_definitions();
    out_.end_object();
    return end();
}

}  // namespace

std::string list_json_schema(const KnownPlugins& known) {
    return SchemaWriter(known).of_list();
}

std::string single_json_schema(const KnownPlugins& known) {
    return SchemaWriter(known).of_single();
}

std::optional<std::string> plugin_json_schema(const KnownPlugins& known, std::string_view type) {
    if (const PluginKeys* keys = known.find_ipam(type)) return SchemaWriter(known).of_ipam(*keys);
    if (const PluginKeys* keys = known.find_plugin(type))
        return SchemaWriter(known).of_plugin(*keys);
    return {};
}

}  // namespace cni
