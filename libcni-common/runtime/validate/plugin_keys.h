#pragma once

#include <span>
#include <string_view>

#include "cni/config.h"
#include "runtime/validate/schema.h"

namespace cni {

/// The keys of one plugin, which its folder says (keys.cpp).
struct PluginKeys {
    std::string_view type;
    std::string_view about;  ///< what the plugin does, as the end of a sentence
    /// Of an IPAM plugin: what stands in "ipam". Of another: those that only this plugin has.
    std::span<const Key> keys = {};
    /// Asks the plugin's own parser what ADD would refuse, with nothing from the environment, and
    /// remarks upon what it takes but nobody means. Only called when all values are of the types
    /// that `keys` says. May be null.
    void (*check)(const NetConf& conf, Problems& problems) = nullptr;
};

/// PluginKeys::check of a plugin whose parser says all there is to say.
template <auto parse>
void ask_parser(const NetConf& conf, Problems& problems) {
    problems.attempt(conf.json, [&] { parse(conf); });
}

/// The same of one that may go without IPAM: not every version can express a result without
/// addresses.
template <auto parse>
void ask_parser_and_version(const NetConf& conf, Problems& problems) {
    problems.attempt(conf.json, [&] {
        parse(conf);
        if (conf.ipam_type().empty()) Result{}.require_printable(conf.cni_version);
    });
}

/// The plugins of this suite. Those of the reference plugins that are not among them are known too.
struct KnownPlugins {
    std::span<const PluginKeys* const> plugins;  ///< interface and meta plugins
    std::span<const PluginKeys* const> ipam;

    /// By their type; null when nobody knows it.
    const PluginKeys* find_plugin(std::string_view type) const;
    const PluginKeys* find_ipam(std::string_view type) const;
};

/// Keys that every plugin has besides its own.
const ObjectSchema& common_schema();
/// Keys of a network list.
const ObjectSchema& list_schema();

/// Whether the runtime may bring a value: it does not stand in the file then.
bool declares_capability(const NetConf& conf, std::string_view capability);

}  // namespace cni
