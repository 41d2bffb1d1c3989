#include "commands.h"
#include "config.h"

namespace cni::portmap {

constinit const Plugin plugin{.name = "portmap",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::portmap
