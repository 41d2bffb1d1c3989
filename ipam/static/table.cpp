#include "config.h"
#include "static.h"

namespace cni::static_ipam {

constinit const Plugin plugin{
    .name = "static", .about = about, .add = add, .check = check, .status = status};

}  // namespace cni::static_ipam
