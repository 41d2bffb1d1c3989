#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {ifname_option, time_option};

int run(const CommandLine& line) {
    const Call call = Call::attachment(line);
    call.runtime.del(call.list, call.conf);
    return 0;
}

}  // namespace

const Verb del_verb{
    .name = "del",
    .operands = "NETWORK NETNS",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "detach a network namespace from a network",
    .help =
        "Runs the plugins of NETWORK in reverse order, all of them whatever becomes of the\n"
        "others, and forgets the kept result once all have succeeded. It may be repeated, and\n"
        "NETNS need not exist any more.\n",
    .example = "cnitool del mynet /run/netns/c1",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
