#include "commands.h"
#include "config.h"

namespace cni::bridge {

constinit const Plugin plugin{.name = "bridge",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::bridge
