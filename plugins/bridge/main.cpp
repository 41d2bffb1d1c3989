// bridge: connects containers to a bridge of the host, which it makes when needed.
#include "commands.h"

int main() {
    return cni::run({.name = "bridge",
                     .add = cni::bridge::add,
                     .check = cni::bridge::check,
                     .del = cni::bridge::del,
                     .gc = cni::bridge::gc,
                     .status = cni::bridge::status,
                     .is_serialised = true});
}
