#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cache.h"
#include "runtime/netconf.h"
#include "runtime/plugin_input.h"
#include "runtime/runtime_conf.h"

namespace cni {

/// One run of a plugin, from its start to its end.
struct PluginTime {
    std::string_view type;
    std::string_view command;  ///< "ADD"
    std::chrono::nanoseconds duration;
    bool succeeded;
};

/// The runtime's side of the specification: runs the plugins of a network and keeps their result.
/// Errors of a plugin come with its code and details; ADD and DEL put its type before the message.
class Runtime {
public:
    struct Options {
        std::string plugin_path;                  ///< CNI_PATH, colon separated
        std::string cache_base = "/var/lib/cni";  ///< see ResultCache
        /// Told about every run, failed ones too.
        std::function<void(const PluginTime&)> on_run = {};
        /// How long a plugin may take: enough for two runs of its IPAM plugin.
        std::chrono::seconds plugin_time{240};
    };
    explicit Runtime(Options options) : options_(std::move(options)), cache_(options_.cache_base) {}

    /// Attaches the container; returns the last plugin's result. The first failure ends it and
    /// takes nothing back: the caller runs del.
    VersionedResult add(const NetworkList& list, const RuntimeConf& conf) const;

    /// Whether the result of an earlier ADD of this attachment is kept, which a DEL would end.
    bool knows(const NetworkList& list, const RuntimeConf& conf) const;

    /// Throws what the first plugin with an objection reports. Success without running any when
    /// the network disables it; Error(incompatible_version) below 0.4.0.
    void check(const NetworkList& list, const RuntimeConf& conf) const;

    /// Runs all plugins in reverse order and forgets the result once all have succeeded. The first
    /// failure is thrown, with the further ones in its details: it can be repeated. A kept result
    /// that cannot be used is a warning, and forgotten at once.
    void del(const NetworkList& list, const RuntimeConf& conf) const;

    /// Lets the plugins clean up (from 1.1.0), deletes every attachment known here that is not in
    /// `valid`, each with the arguments of its ADD, many at once in processes of their own, and
    /// lets the plugins look once more. nullopt: nothing is known to be valid, but the plugins get
    /// no list and so remove nothing. All is tried; the errors, one per line, are thrown as one.
    /// Nothing happens when the network disables it.
    void gc(const NetworkList& list, const std::optional<std::vector<AttachmentId>>& valid) const;

    /// Throws what the first plugin that is not ready reports. Below 1.1.0 no plugin is asked.
    void status(const NetworkList& list) const;

    /// The specification versions plugin `type` speaks.
    std::vector<std::string> versions(std::string_view type) const;

private:
    struct Call;
    // What failed, one text each: the other plugins are run all the same.
    std::vector<std::string> gc_plugins(
        const NetworkList& list, const std::optional<std::vector<AttachmentId>>& valid) const;
    std::string run(const PluginConf& plugin, const Call& call) const;
    VersionedResult add_plugin(const NetworkList& list, const PluginConf& plugin,
                               const RuntimeConf& conf,
                               const std::optional<VersionedResult>& prev_result) const;

    std::optional<VersionedResult> load_or_forget(const NetworkList& list,
                                                  const RuntimeConf& conf) const;

    Options options_;
    ResultCache cache_;
};

}  // namespace cni
