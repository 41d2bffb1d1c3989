// tap: gives a container an interface whose other side is a program in it, a virtual machine's say.
#include "commands.h"
#include "labelled.h"

int main(int argc, char** argv) {
    if (const auto status = cni::tap::run_labelled(argc, argv)) return *status;
    return cni::run({.name = "tap",
                     .add = cni::tap::add,
                     .check = cni::tap::check,
                     .del = cni::tap::del,
                     .gc = cni::tap::gc,
                     .status = cni::tap::status,
                     .is_serialised = true});
}
