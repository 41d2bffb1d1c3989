#include "runtime/validate/json_schema.h"

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "plugins.h"
#include "runtime/validate/nearest.h"
#include "verb.h"

namespace cni::tool {
namespace {

std::vector<std::string_view> all_kinds() {
    std::vector<std::string_view> kinds{"conflist", "conf"};
    for (const PluginKeys* keys : known_plugins.plugins) kinds.push_back(keys->type);
    for (const PluginKeys* keys : known_plugins.ipam) kinds.push_back(keys->type);
    return kinds;
}

std::string schema_of(std::string_view kind) {
    if (kind == "conflist") return list_json_schema(known_plugins);
    if (kind == "conf") return single_json_schema(known_plugins);
    if (auto schema = plugin_json_schema(known_plugins, kind)) return *schema;
    const auto kinds = all_kinds();
    const auto meant = nearest(kind, kinds);
    throw Error(Code::invalid_config,
                cat("there is no schema of ", quote(kind),
                    meant ? cat(", did you mean ", quote(*meant), "?") : ""),
                cat("there is one of each of ", join(kinds, ", ")));
}

int run(const CommandLine& line) {
    const std::string kind = line.operands().empty() ? "conflist" : line.operands()[0];
    write_all(STDOUT_FILENO, schema_of(kind), "stdout");
    return 0;
}

}  // namespace

const Verb schema_verb{
    .name = "schema",
    .operands = "[conflist|conf|PLUGIN]",
    .min_operands = 0,
    .max_operands = 1,
    .summary = "print a JSON Schema of configurations, for editors",
    .help =
        "Prints what may stand in a .conflist file (the default), in a .conf file, or in the\n"
        "object for one plugin, as JSON Schema (draft 2020-12). It knows keys and single values;\n"
        "validate knows more.\n",
    .example = "cnitool schema conflist >conflist.schema.json",
    .options = {},
    .run = run,
};

}  // namespace cni::tool
