#include <unistd.h>

#include "base/file.h"
#include "base/warn.h"
#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {ifname_option, time_option};

// A failed add takes nothing back, but a plugin that fails undoes what it did itself. What another
// add has made, earlier or meanwhile, lives on and would go with a del.
void tell_what_stays(const CommandLine& line, const Call& call) {
    if (*call.successes == 0) return;
    const std::string network = line.operands()[0], netns = line.operands()[1];
    const std::string whose = cat(network, " ", netns, " -i ", call.conf.ifname);
    if (call.runtime.knows(call.list, call.conf))
        warn(
            cat("this attachment was added before, and cnitool del would take that away: cnitool "
                "check ",
                whose, " tells whether it lives"));
    else
        warn(cat("what was made before that stays: remove it with cnitool del ", whose));
}

int run(const CommandLine& line) {
    const Call call = Call::attachment(line);
    try {
        const VersionedResult result = call.runtime.add(call.list, call.conf);
        write_all(STDOUT_FILENO, result.print(), "stdout");
        return 0;
    } catch (const Error& error) {
        warn(error.what());
        tell_what_stays(line, call);
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
    .example = "cnitool add mynet /run/netns/c1 --time",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
