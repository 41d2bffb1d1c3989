#include "commands.h"
#include "config.h"

namespace cni::flannel {

constinit const Plugin plugin{.name = "flannel",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true};

}  // namespace cni::flannel
