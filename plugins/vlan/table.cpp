#include "commands.h"
#include "config.h"

namespace cni::vlan {

constinit const Plugin plugin{.name = "vlan",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::vlan
