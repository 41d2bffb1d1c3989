// macvlan: gives each container an interface of its own, with a MAC of its own, on one of the
// host's.
#include "commands.h"

int main() {
    return cni::run({.name = "macvlan",
                     .add = cni::macvlan::add,
                     .check = cni::macvlan::check,
                     .del = cni::macvlan::del,
                     .gc = cni::macvlan::gc,
                     .status = cni::macvlan::status,
                     .is_serialised = true});
}
