#include "commands.h"
#include "config.h"

namespace cni::bandwidth {

constinit const Plugin plugin{.name = "bandwidth",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::bandwidth
