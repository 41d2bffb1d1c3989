// ipvlan: gives each container an interface of its own on one of the host's, whose MAC they share.
#include "commands.h"

int main() {
    return cni::run({.name = "ipvlan",
                     .add = cni::ipvlan::add,
                     .check = cni::ipvlan::check,
                     .del = cni::ipvlan::del,
                     .gc = cni::ipvlan::gc,
                     .status = cni::ipvlan::status,
                     .is_serialised = true});
}
