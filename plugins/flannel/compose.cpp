#include "compose.h"

#include "cni/json_writer.h"

namespace cni::flannel {
namespace {

using Layout = JsonWriter::Layout;

// One set of one range for each family.
std::string ranges(const SubnetEnv& env) {
    JsonWriter out(Layout::compact);
    out.begin_array();
    for (const Prefix& subnet : env.subnets)
        out.begin_array()
            .begin_object()
            .member("subnet", subnet.to_string())
            .end_object()
            .end_array();
    return out.end_array().take();
}

// Those that the configuration has, then the way to the other nodes.
std::string routes(const Json& ipam, const SubnetEnv& env) {
    JsonWriter out(Layout::compact);
    out.begin_array();
    for (const Json& route : ipam.list("routes")) out.raw(route.dump());
    for (const Prefix& network : env.networks)
        out.begin_object().member("dst", network.to_string()).end_object();
    return out.end_array().take();
}

std::string compose_ipam(const Json& configured, const std::optional<SubnetEnv>& env) {
    JsonObject ipam(configured);
    ipam.set_default("type", R"("host-local")");
    if (env) {
        ipam.set("ranges", ranges(*env));
        ipam.set("routes", routes(configured, *env));
    }
    return ipam.text();
}

void copy(const NetConf& conf, std::string_view key, JsonObject& to) {
    if (const auto value = conf.json.find(key)) to.set(key, value->dump());
}

void copy_version(const NetConf& conf, JsonObject& to) {
    if (!conf.json.string_or("cniVersion", "").empty()) copy(conf, "cniVersion", to);
}

}  // namespace

JsonObject compose(const NetConf& conf, const Config& config, const std::optional<SubnetEnv>& env) {
    JsonObject delegate(config.delegate);
    delegate.set_text("name", conf.name);
    delegate.set_text("type", config.type);
    copy_version(conf, delegate);
    copy(conf, "runtimeConfig", delegate);
    if (const auto file = conf.json.find("logFile")) delegate.set_default("logFile", file->dump());
    if (config.type == "bridge") delegate.set_default("isGateway", "true");
    if (env) {
        delegate.set_default("ipMasq", env->masquerades ? "false" : "true");
        delegate.set_default("mtu", cat(env->mtu));
    }
    delegate.set("ipam", compose_ipam(config.ipam, env));
    return delegate;
}

std::string text_for_call(JsonObject delegate, const NetConf& conf) {
    copy_version(conf, delegate);
    copy(conf, "prevResult", delegate);
    for (const char* list : {"cni.dev/valid-attachments", "cni.dev/attachments"})
        if (const auto value = conf.json.find_exact(list)) delegate.set(list, value->dump());
    return delegate.text();
}

}  // namespace cni::flannel
