#include "commands.h"
#include "config.h"

namespace cni::ipvlan {

constinit const Plugin plugin{.name = "ipvlan",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::ipvlan
