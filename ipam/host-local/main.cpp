// host-local: allocates addresses out of ranges, with one file per lease on this host.
#include "host_local.h"

int main() {
    return cni::run({.name = "host-local",
                     .add = cni::host_local::add,
                     .check = cni::host_local::check,
                     .del = cni::host_local::del,
                     .gc = cni::host_local::gc,
                     .status = cni::host_local::status});
}
