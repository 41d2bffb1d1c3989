// vrf: an interface that another plugin has made becomes a port of a VRF, with its addresses and
// routes.
#include "commands.h"

int main() {
    return cni::run({.name = "vrf",
                     .add = cni::vrf::add,
                     .check = cni::vrf::check,
                     .del = cni::vrf::del,
                     .status = cni::vrf::status,
                     .is_serialised = true});
}
