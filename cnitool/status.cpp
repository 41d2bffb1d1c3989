#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {time_option};

int run(const CommandLine& line) {
    const Call call = Call::network(line);
    call.runtime.status(call.list);
    return 0;
}

}  // namespace

const Verb status_verb{
    .name = "status",
    .operands = "NETWORK [NETNS]",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "ask whether the plugins are ready for add",
    .help =
        "The first plugin that is not ready ends it with its reason. Below cniVersion 1.1.0 no\n"
        "plugin is asked. NETNS is not used.\n",
    .example = "cnitool status mynet",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
