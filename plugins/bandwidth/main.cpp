// bandwidth: limits what a container receives and sends.
#include "commands.h"

int main() {
    return cni::run({.name = "bandwidth",
                     .add = cni::bandwidth::add,
                     .check = cni::bandwidth::check,
                     .del = cni::bandwidth::del,
                     .gc = cni::bandwidth::gc,
                     .status = cni::bandwidth::status,
                     .is_serialised = true});
}
