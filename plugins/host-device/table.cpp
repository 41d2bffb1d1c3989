#include "commands.h"
#include "config.h"

namespace cni::host_device {

constinit const Plugin plugin{.name = "host-device",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::host_device
