// portmap: forwards ports of the host to a container.
#include "commands.h"

int main() {
    return cni::run({.name = "portmap",
                     .add = cni::portmap::add,
                     .check = cni::portmap::check,
                     .del = cni::portmap::del,
                     .gc = cni::portmap::gc,
                     .status = cni::portmap::status,
                     .is_serialised = true});
}
