#include "commands.h"
#include "config.h"

namespace cni::vrf {

constinit const Plugin plugin{.name = "vrf",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::vrf
