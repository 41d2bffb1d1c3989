#include "runtime/runtime.h"

#include <algorithm>

#include "base/contains.h"
#include "base/text.h"
#include "base/undo.h"
#include "base/warn.h"
#include "cni/delegate.h"
#include "cni/version.h"
#include "sys/crew.h"

namespace cni {

/// What one run of a plugin gets.
struct Runtime::Call {
    std::string_view command;
    RuntimeConf conf;
    std::string input;
    std::string_view path;  ///< CNI_PATH for the plugin
};

namespace {

using Clock = std::chrono::steady_clock;

std::string description(const PluginConf& plugin) {
    std::string text = cat("type=", quote(plugin.type));
    if (!plugin.name.empty()) text += cat(" name=", quote(plugin.name));
    return text;
}

// Runs `step`; what it throws says which plugin failed at what.
template <typename Step>
auto naming(const PluginConf& plugin, std::string_view act, Step step) {
    try {
        return step();
    } catch (const Error& error) {
        throw Error(error.code,
                    cat("plugin ", description(plugin), " failed (", act, "): ", error.msg),
                    error.details);
    }
}

Error cache_error(const NetworkList& list, std::string_view act, const Error& error) {
    return Error(
        error.code,
        cat("failed to ", act, " network ", quote(list.name), " cached result: ", error.msg),
        error.details);
}

std::vector<std::string> read_versions(const std::string& reply) {
    const Json json = Json::parse(reply, "decode the VERSION reply");
    if (json.string_or("cniVersion", "").empty()) throw json.invalid("needs a \"cniVersion\"");
    auto versions = json.string_list("supportedVersions");
    // 0.2.0 came before the list.
    if (versions.empty() && json.string_or("cniVersion", "") == "0.2.0") return {"0.1.0", "0.2.0"};
    if (versions.empty()) throw json.invalid("needs \"supportedVersions\"");
    return versions;
}

}  // namespace

std::string Runtime::run(const PluginConf& plugin, const Call& call) const {
    const std::string executable = find_plugin(plugin.type, options_.plugin_path);
    const auto environment = child_environment({
        cat("CNI_COMMAND=", call.command),
        cat("CNI_CONTAINERID=", call.conf.container_id),
        cat("CNI_NETNS=", call.conf.netns),
        cat("CNI_ARGS=", call.conf.args_text()),
        cat("CNI_IFNAME=", call.conf.ifname),
        cat("CNI_PATH=", call.path),
    });
    const auto start = Clock::now();
    const auto tell = [&](bool succeeded) {
        if (options_.on_run)
            options_.on_run({plugin.type, call.command, Clock::now() - start, succeeded});
    };
    try {
        PluginCall running({executable, environment, plugin.type, options_.plugin_time});
        running.give(call.input);
        std::string output = running.finish();
        tell(true);
        return output;
    } catch (const Error&) {
        tell(false);
        throw;
    }
}

VersionedResult Runtime::add_plugin(const NetworkList& list, const PluginConf& plugin,
                                    const RuntimeConf& conf,
                                    const std::optional<VersionedResult>& prev_result) const {
    const PluginInput input{prev_result, conf.capability_args, {}};
    const std::string output =
        run(plugin, {"ADD", conf, input.text(list, plugin), options_.plugin_path});
    const Json result = Json::parse(output, "failed to unmarshal raw result");
    if (list.cni_version.empty()) return VersionedResult::parse(result, supported_versions.front());
    return VersionedResult::parse(result, list.cni_version);
}

VersionedResult Runtime::add(const NetworkList& list, const RuntimeConf& conf) const {
    require_valid(list.name, conf);
    std::optional<VersionedResult> result;
    for (const PluginConf& plugin : list.plugins)
        result = naming(plugin, "add", [&] { return add_plugin(list, plugin, conf, result); });
    try {
        cache_.store(list, conf, result.value());
    } catch (const Error& error) {
        throw cache_error(list, "set", error);
    }
    return *result;
}

bool Runtime::knows(const NetworkList& list, const RuntimeConf& conf) const {
    try {
        return cache_.load(list, conf).has_value();
    } catch (const Error&) {
        return false;  // what cannot be read tells nothing
    }
}

void Runtime::check(const NetworkList& list, const RuntimeConf& conf) const {
    if (!list.speaks("0.4.0"))
        throw Error(Code::incompatible_version,
                    cat("configuration version ", quote(list.cni_version),
                        " does not support the CHECK command"));
    if (list.disable_check) return;
    require_valid(list.name, conf);
    PluginInput input{{}, conf.capability_args, {}};
    try {
        input.prev_result = cache_.load(list, conf);
    } catch (const Error& error) {
        throw cache_error(list, "get", error);
    }
    for (const PluginConf& plugin : list.plugins)
        run(plugin, {"CHECK", conf, input.text(list, plugin), options_.plugin_path});
}

// DEL must not depend on a file that another program may have damaged.
std::optional<VersionedResult> Runtime::load_or_forget(const NetworkList& list,
                                                       const RuntimeConf& conf) const {
    try {
        return cache_.load(list, conf);
    } catch (const Error& error) {
        warn(cat(cache_error(list, "get", error).what(), ": going on without it"));
    }
    Failures failures;
    failures.attempt([&] { cache_.remove(list, conf); });
    return {};
}

void Runtime::del(const NetworkList& list, const RuntimeConf& conf) const {
    require_valid(list.name, conf);
    PluginInput input{{}, conf.capability_args, {}};
    if (list.speaks("0.4.0")) input.prev_result = load_or_forget(list, conf);
    Failures failures;
    for (auto plugin = list.plugins.rbegin(); plugin != list.plugins.rend(); ++plugin)
        failures.attempt([&] {
            naming(*plugin, "delete", [&] {
                return run(*plugin, {"DEL", conf, input.text(list, *plugin), options_.plugin_path});
            });
        });
    failures.throw_if_any();
    cache_.remove(list, conf);
}

std::vector<std::string> Runtime::gc_plugins(
    const NetworkList& list, const std::optional<std::vector<AttachmentId>>& valid) const {
    std::vector<std::string> errors;
    if (!list.speaks("1.1.0")) return errors;
    const PluginInput input{{}, {}, valid};
    for (const PluginConf& plugin : list.plugins) {
        try {
            run(plugin, {"GC", {}, input.text(list, plugin), options_.plugin_path});
        } catch (...) {
            errors.push_back(cat("failed to GC plugin ", plugin.type, ": ", current_error_text()));
        }
    }
    return errors;
}

void Runtime::gc(const NetworkList& list,
                 const std::optional<std::vector<AttachmentId>>& valid) const {
    if (list.disable_gc) return;
    std::vector<RuntimeConf> stale = cache_.attachments(list.name);
    if (valid)
        std::erase_if(stale, [&](const RuntimeConf& conf) { return contains(*valid, conf.id()); });
    std::vector<std::string> errors;
    // Plugins take off what many have at once, each DEL only its own: with thousands of rules in
    // one table that is a commit instead of thousands. What fails here is tried again, and told,
    // below.
    if (valid && stale.size() > 1) gc_plugins(list, valid);
    // Each waits in the kernel for its interface to be gone, and those that do so at once wait
    // once.
    constexpr std::size_t at_once = 8;
    const auto failed =
        in_parallel(stale.size(), at_once, [&](std::size_t i) { del(list, stale[i]); });
    for (const auto& [i, text] : failed)
        errors.push_back(cat("failed to delete stale attachment ", stale[i].container_id, " ",
                             stale[i].ifname, ": ", text));
    for (std::string& error : gc_plugins(list, valid)) errors.push_back(std::move(error));
    if (!errors.empty()) throw Error(Code::internal, join(errors, "\n"));
}

void Runtime::status(const NetworkList& list) const {
    if (!list.speaks("1.1.0")) return;
    for (const PluginConf& plugin : list.plugins)
        run(plugin, {"STATUS", {}, PluginInput{}.text(list, plugin), options_.plugin_path});
}

std::vector<std::string> Runtime::versions(std::string_view type) const {
    RuntimeConf dummy;
    dummy.netns = dummy.ifname = "dummy";
    const std::string input = cat("{\"cniVersion\":\"", supported_versions.back(), "\"}");
    try {
        return read_versions(run({std::string(type), {}, {}}, {"VERSION", dummy, input, "dummy"}));
    } catch (const Error& error) {
        // What plugins said before the command existed.
        if (error.msg != "unknown CNI_COMMAND: VERSION") throw;
        return {"0.1.0"};
    }
}

}  // namespace cni
