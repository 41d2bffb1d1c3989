#include "runtime/plugin_input.h"

#include "cni/json_object.h"
#include "cni/json_writer.h"

namespace cni {
namespace {

// Clients and plugins differ in the letter case of some ("bandwidth", "bandWidth").
std::optional<Json> find_capability(const Json& capability_args, const std::string& capability) {
    if (auto value = capability_args.find_exact(capability)) return value;
    return capability_args.find(capability);
}

// Of the arguments, those whose capability the plugin declares true.
JsonObject accepted(const PluginConf& plugin, const Json& capability_args) {
    JsonObject out;
    const auto declared = plugin.json.find("capabilities");
    if (!declared) return out;
    for (const auto& [capability, enabled] : declared->members()) {
        const auto value = find_capability(capability_args, capability);
        if (value && enabled.is_bool() && enabled.as_bool()) out.set(capability, value->dump());
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
    JsonObject members(plugin.json);
    members.remove("capabilities");  // for the runtime: the specification keeps it from plugins
    members.set_text("name", list.name);
    members.set_text("cniVersion", list.cni_version);
    if (prev_result) members.set("prevResult", prev_result->print_compact());
    if (const JsonObject runtime = accepted(plugin, capability_args); !runtime.empty())
        members.set("runtimeConfig", runtime.text());
    if (valid_attachments) {
        const std::string attachments = attachment_list(*valid_attachments);
        members.set("cni.dev/valid-attachments", attachments);
        members.set("cni.dev/attachments", attachments);  // the name of drafts of the spec
    }
    return members.text();
}

}  // namespace cni
