#include "commands.h"
#include "config.h"

namespace cni::macvlan {

constinit const Plugin plugin{.name = "macvlan",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::macvlan
