// static: hands out the addresses that the configuration or the runtime names. It keeps nothing, so
// there is nothing to release on DEL and GC.
#include "static.h"

int main() {
    return cni::run({.name = "static",
                     .add = cni::static_ipam::add,
                     .check = cni::static_ipam::check,
                     .status = cni::static_ipam::status});
}
