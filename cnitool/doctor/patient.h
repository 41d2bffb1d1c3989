#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../node/attachments.h"
#include "../node/lease_state.h"
#include "../node/ranges.h"
#include "netlink/link.h"
#include "runtime/netconf.h"

namespace cni::tool {

/// What doctor looks at, read once.
struct Patient {
    std::string conf_dir;
    std::string plugin_path;            ///< as CNI_PATH
    std::vector<NetworkList> networks;  ///< those of the directory that can be read, once each
    NodeAttachments node;
    std::vector<NetworkRange> ranges;
    std::vector<JudgedLease> leases;

    static Patient examine(const StateFolders& folders, std::string conf_dir,
                           std::string plugin_path);

    const Link* find_link(std::string_view name) const;
    /// Whether a network has attachments with an interface that is there.
    bool is_alive(std::string_view network) const;
    /// The types of plugins that the networks need, IPAM plugins too.
    std::set<std::string> needed_types() const;
};

/// The bridge of a plugin "bridge"; nullopt of any other.
std::optional<std::string> bridge_of(const PluginConf& plugin);
/// False as well where the key is missing, or its value none of these.
bool is_true(const Json& object, std::string_view key);
/// Whether a plugin of this type is in the network's list.
bool has_plugin(const NetworkList& network, std::string_view type);
/// Whether one of its plugins makes the host a router for the containers.
bool routes_through_host(const NetworkList& network);

}  // namespace cni::tool
