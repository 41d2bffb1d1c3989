// dummy: gives each container an interface that drops what is sent through it, to bear addresses.
#include "commands.h"

int main() {
    return cni::run({.name = "dummy",
                     .add = cni::dummy::add,
                     .check = cni::dummy::check,
                     .del = cni::dummy::del,
                     .gc = cni::dummy::gc,
                     .status = cni::dummy::status,
                     .is_serialised = true});
}
