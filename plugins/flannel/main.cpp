// flannel: makes the configuration of another plugin of what the flannel daemon wrote about this
// node, and has that plugin do the work.
#include "commands.h"

int main() {
    return cni::run({.name = "flannel",
                     .add = cni::flannel::add,
                     .check = cni::flannel::check,
                     .del = cni::flannel::del,
                     .gc = cni::flannel::gc,
                     .status = cni::flannel::status,
                     .is_serialised = true});
}
