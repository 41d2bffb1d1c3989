#include <unistd.h>

#include <algorithm>

#include "base/contains.h"
#include "base/file.h"
#include "base/release.h"
#include "base/warn.h"
#include "call.h"
#include "cni/version.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option plugin_option{'p', "plugin", "TYPE", "ask this plugin; may be repeated"};
constexpr Option options[] = {plugin_option, time_option};

void print(const std::string& text) {
    write_all(STDOUT_FILENO, text, "stdout");
}

// Prints what each plugin speaks; false unless all of them speak `version` ("": any will do).
bool print_plugins(const Runtime& runtime, const std::vector<std::string>& types,
                   const std::string& version) {
    bool all_speak = true;
    for (const std::string& type : types) {
        const auto versions = runtime.versions(type);
        print(cat(type, ": ", join(versions, ", "), "\n"));
        if (version.empty() || contains(versions, version)) continue;
        warn(cat("plugin ", type, " does not support config version ", quote(version)));
        all_speak = false;
    }
    return all_speak;
}

int run(const CommandLine& line) {
    print(cat("cnitool ", release, ", as the reference plugins ", reference_release, ": ",
              join(supported_versions, ", "), "\n"));
    bool all_speak = print_plugins(make_runtime(line), line.all(plugin_option.name), "");
    if (!line.operands().empty()) {
        const Call call = Call::network(line);
        std::vector<std::string> types;
        for (const PluginConf& plugin : call.list.plugins) types.push_back(plugin.type);
        all_speak = print_plugins(call.runtime, types, call.list.cni_version);
    }
    return all_speak ? 0 : 1;
}

}  // namespace

const Verb version_verb{
    .name = "version",
    .operands = "[NETWORK [NETNS]]",
    .min_operands = 0,
    .max_operands = 2,
    .summary = "print the CNI versions of this tool and of plugins",
    .help =
        "Prints the version of this tool and the versions of the specification it speaks; for a\n"
        "NETWORK also what each of its plugins speaks, with exit status 1 when one does not\n"
        "speak the network's cniVersion. NETNS is not used.\n",
    .example = "cnitool version mynet",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
