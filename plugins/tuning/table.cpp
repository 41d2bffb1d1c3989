#include "commands.h"
#include "config.h"

namespace cni::tuning {

constinit const Plugin plugin{.name = "tuning",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .is_serialised = true};

}  // namespace cni::tuning
