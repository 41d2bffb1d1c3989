// ptp: connects each container to the host by a cable of its own, over which everything is routed.
#include "commands.h"

int main() {
    return cni::run({.name = "ptp",
                     .add = cni::ptp::add,
                     .check = cni::ptp::check,
                     .del = cni::ptp::del,
                     .gc = cni::ptp::gc,
                     .status = cni::ptp::status,
                     .is_serialised = true});
}
