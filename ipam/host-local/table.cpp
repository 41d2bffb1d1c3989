#include "config.h"
#include "host_local.h"

namespace cni::host_local {

constinit const Plugin plugin{.name = "host-local",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status};

}  // namespace cni::host_local
