#include "call.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {ifname_option, time_option};

int run(const CommandLine& line) {
    const Call call = Call::attachment(line);
    call.runtime.check(call.list, call.conf);
    return 0;
}

}  // namespace

const Verb check_verb{
    .name = "check",
    .operands = "NETWORK NETNS",
    .min_operands = 2,
    .max_operands = 2,
    .summary = "verify that an attachment is as add left it",
    .help =
        "Lets the plugins compare what is there with the kept result of add. Needs cniVersion\n"
        "0.4.0 or later; does nothing for a network with disableCheck.\n",
    .example = "cnitool check mynet /run/netns/c1",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
