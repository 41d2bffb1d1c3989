#include "commands.h"
#include "config.h"

namespace cni::sbr {

constinit const Plugin plugin{.name = "sbr",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::sbr
