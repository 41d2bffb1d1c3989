#include "runtime/plugin_input.h"

#include <map>

#include "cni/json_writer.h"

namespace cni {
namespace {

// Keys and their JSON text, sorted.
using Members = std::map<std::string, std::string>;

// Plugins find keys in any letter case: a "CNIVersion" beside "cniVersion" would be a second value.
void erase(Members& members, std::string_view key) {
    std::erase_if(members, [&](const auto& m) { return lower(m.first) == lower(key); });
}

void replace(Members& members, std::string_view key, std::string json) {
    erase(members, key);
    members[std::string(key)] = std::move(json);
}

std::string text_value(std::string_view text) {
    return JsonWriter(JsonWriter::Layout::compact).value(text).take();
}

std::string object(const Members& members) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object();
    for (const auto& [key, json] : members) out.key(key).raw(json);
    return out.end_object().take();
}

// Clients and plugins differ in the letter case of some ("bandwidth", "bandWidth").
std::optional<Json> find_capability(const Json& capability_args, const std::string& capability) {
    if (auto value = capability_args.find_exact(capability)) return value;
    return capability_args.find(capability);
}

// Of the arguments, those whose capability the plugin declares true.
Members accepted(const PluginConf& plugin, const Json& capability_args) {
    Members out;
    const auto declared = plugin.json.find("capabilities");
    if (!declared) return out;
    for (const auto& [capability, enabled] : declared->members()) {
        const auto value = find_capability(capability_args, capability);
        if (value && enabled.is_bool() && enabled.as_bool()) out[capability] = value->dump();
    }
    return out;
}

std::string attachment_list(const std::vector<AttachmentId>& attachments) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_array();
    for (const AttachmentId& a : attachments)
        out.begin_object()
            .member("containerID", a.container_id)
            .member("ifname", a.ifname)
            .end_object();
    return out.end_array().take();
}

}  // namespace

std::string PluginInput::text(const NetworkList& list, const PluginConf& plugin) const {
    Members members;
    for (const auto& [key, value] : plugin.json.members()) members[key] = value.dump();
    erase(members, "capabilities");  // for the runtime: the specification keeps it from plugins
    replace(members, "name", text_value(list.name));
    replace(members, "cniVersion", text_value(list.cni_version));
    if (prev_result) replace(members, "prevResult", prev_result->print_compact());
    if (const Members runtime = accepted(plugin, capability_args); !runtime.empty())
        replace(members, "runtimeConfig", object(runtime));
    if (valid_attachments) {
        const std::string attachments = attachment_list(*valid_attachments);
        replace(members, "cni.dev/valid-attachments", attachments);
        replace(members, "cni.dev/attachments", attachments);  // the name of drafts of the spec
    }
    return object(members);
}

}  // namespace cni
