#include "commands.h"
#include "config.h"

namespace cni::dummy {

constinit const Plugin plugin{.name = "dummy",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::dummy
