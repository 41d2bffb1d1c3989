#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cni/json.h"

namespace cni {

/// One plugin of a network: the object as it was written.
struct PluginConf {
    std::string type;
    std::string name;  ///< its own "name", which only messages show; mostly empty
    Json json;

    /// Throws Error(decoding_failure or invalid_config) for text that is no JSON object, has no
    /// "type" or capabilities that are not true or false. Keys are found in any letter case.
    static PluginConf parse(std::string_view text);
    static PluginConf parse(const Json& json);
};

/// A network: the plugins that attach a container to it, in order.
struct NetworkList {
    std::string name;         ///< as written; the runtime validates it before it is used
    std::string cni_version;  ///< as chosen from "cniVersions" and "cniVersion"; "" when neither
    bool disable_check = false;
    bool disable_gc = false;
    bool load_only_inlined = false;
    std::vector<PluginConf> plugins;
    std::string text;  ///< the list as read: what the result cache keeps

    /// Reads a .conflist, the inlined plugins only: none when the key is absent, since a plugin
    /// folder may supply them. Keys are case-sensitive here. Throws as PluginConf::parse.
    static NetworkList parse(std::string text);
    /// The same of a list that has been read; `text` stays empty.
    static NetworkList parse(const Json& json);
    /// Its `cni_version`. Throws Error(invalid_config).
    static std::string choose_version(const Json& list);
    /// Makes a list of a single plugin configuration (.conf, .json). Throws as PluginConf::parse.
    static NetworkList wrap(std::string_view text);

    /// Whether the list's version is at least `least` ("0.4.0"). "" is 0.1.0.
    /// Throws Error(invalid_config) when it is not a version.
    bool speaks(std::string_view least) const;
};

}  // namespace cni
