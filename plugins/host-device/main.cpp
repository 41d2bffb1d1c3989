// host-device: lends a network device of the host to a container, and takes it back.
#include "commands.h"

int main() {
    return cni::run({.name = "host-device",
                     .add = cni::host_device::add,
                     .check = cni::host_device::check,
                     .del = cni::host_device::del,
                     .gc = cni::host_device::gc,
                     .status = cni::host_device::status,
                     .is_serialised = true});
}
