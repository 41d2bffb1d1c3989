#include "commands.h"
#include "config.h"

namespace cni::sample {

constinit const Plugin plugin{
    .name = "sample", .about = about, .add = add, .check = check, .del = del, .status = status};

}  // namespace cni::sample
