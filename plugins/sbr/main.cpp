// sbr: source based routing. Packets from an address of the interface are routed by the interface's
// own routes, whatever other interfaces the container has.
#include "commands.h"

int main() {
    return cni::run({.name = "sbr",
                     .add = cni::sbr::add,
                     .check = cni::sbr::check,
                     .del = cni::sbr::del,
                     .status = cni::sbr::status,
                     .is_serialised = true});
}
