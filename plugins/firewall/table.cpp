#include "commands.h"
#include "config.h"

namespace cni::firewall {

constinit const Plugin plugin{.name = "firewall",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::firewall
