#include <unistd.h>

#include "base/file.h"
#include "base/warn.h"
#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {ifname_option, time_option};

int run(const CommandLine& line) {
    const Call call = Call::attachment(line);
    try {
        const VersionedResult result = call.runtime.add(call.list, call.conf);
        write_all(STDOUT_FILENO, result.print(), "stdout");
        return 0;
    } catch (const Error& error) {
        warn(error.what());
        warn(cat("what was made before that stays: remove it with cnitool del ", line.operands()[0],
                 " ", line.operands()[1], " -i ", call.conf.ifname));
        return 1;
    }
}

}  // namespace

const Verb add_verb{
    .name = "add",
    .operands = "NETWORK NETNS",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "attach a network namespace to a network",
    .help =
        "Runs the plugins of NETWORK in order and prints the result of the last one. NETNS is\n"
        "the path of the namespace. The first failure ends it and nothing is taken back: run\n"
        "del. The result is kept in /var/lib/cni/results for check, del and gc.\n",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
