#include "commands.h"
#include "config.h"

namespace cni::ptp {

constinit const Plugin plugin{.name = "ptp",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::ptp
