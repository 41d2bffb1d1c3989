// vlan: gives each container an interface of one VLAN, on an interface that carries several.
#include "commands.h"

int main() {
    return cni::run({.name = "vlan",
                     .add = cni::vlan::add,
                     .check = cni::vlan::check,
                     .del = cni::vlan::del,
                     .gc = cni::vlan::gc,
                     .status = cni::vlan::status,
                     .is_serialised = true});
}
