#include "runtime/validate/plugin_keys.h"

#include <algorithm>

#include "runtime/validate/reference_plugins.h"
#include "runtime/validate/types.h"

namespace cni {
namespace {

constexpr Type ipam{.kind = Kind::ipam};
constexpr Type flags = map_of(flag);
constexpr Key common_keys[] = {{"cniVersion", text},    {"name", text},
                               {"type", text},          {"capabilities", flags},
                               {"ipam", ipam},          {"dns", object(dns_schema)},
                               {"prevResult", members}, {"runtimeConfig", members},
                               {"args", members},       {"logFile", absolute_path},
                               {"$schema", text}};
constexpr ObjectSchema common{common_keys};

constexpr Key list_keys[] = {{"$schema", text},
                             {"cniVersion", text},
                             {"cniVersions", texts},
                             {"name", text},
                             {"disableCheck", flag_or_text},
                             {"disableGC", flag_or_text},
                             {"loadOnlyInlinedPlugins", flag_or_text},
                             {"plugins", list_of(members)}};
constexpr ObjectSchema list{list_keys};

const PluginKeys* find(std::span<const PluginKeys* const> own, std::span<const PluginKeys> others,
                       std::string_view type) {
    const auto mine = std::ranges::find(own, type, &PluginKeys::type);
    if (mine != own.end()) return *mine;
    const auto other = std::ranges::find(others, type, &PluginKeys::type);
    return other == others.end() ? nullptr : &*other;
}

}  // namespace

const PluginKeys* KnownPlugins::find_plugin(std::string_view type) const {
    return find(plugins, reference_plugins(), type);
}

const PluginKeys* KnownPlugins::find_ipam(std::string_view type) const {
    return find(ipam, {}, type);
}

const ObjectSchema& common_schema() {
    return common;
}

const ObjectSchema& list_schema() {
    return list;
}

bool declares_capability(const NetConf& conf, std::string_view capability) {
    const auto capabilities = conf.json.find("capabilities");
    return capabilities && capabilities->bool_or(capability, false);
}

}  // namespace cni
