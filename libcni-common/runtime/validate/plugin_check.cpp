#include "runtime/validate/plugin_check.h"

namespace cni {
namespace {

void check_ipam(const NetConf& conf, const Json& ipam, const KnownPlugins& known,
                Problems& problems) {
    const auto type = ipam.find("type");
    if (!type || !type->is_string()) return;  // which has been reported
    const PluginKeys* keys = known.find_ipam(type->as_string());
    if (!keys)
        return problems.warning(*type, cat("IPAM plugin ", quote(type->as_string()),
                                           " is not known: its keys are not checked"));
    if (check_object(ipam, {keys->keys}, problems) && keys->check) keys->check(conf, problems);
}

}  // namespace

void check_plugin(const NetConf& conf, const KnownPlugins& known, Problems& problems) {
    const Json type = *conf.json.find("type");
    const PluginKeys* keys = known.find_plugin(type.as_string());
    if (!keys)
        return problems.warning(type, cat("plugin ", quote(type.as_string()),
                                          " is not known: its keys are not checked"));
    const ObjectSchema schema{keys->keys, &common_schema()};
    if (check_object(conf.json, schema, problems) && keys->check) keys->check(conf, problems);
    const auto ipam = conf.json.find("ipam");
    if (ipam && ipam->is_object() && schema.find("ipam")->type.kind == Kind::ipam)
        check_ipam(conf, *ipam, known, problems);
}

}  // namespace cni
