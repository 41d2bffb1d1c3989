// firewall: lets the traffic of containers through the host, and keeps bridges apart.
#include "commands.h"

int main() {
    return cni::run({.name = "firewall",
                     .add = cni::firewall::add,
                     .check = cni::firewall::check,
                     .del = cni::firewall::del,
                     .gc = cni::firewall::gc,
                     .status = cni::firewall::status,
                     .is_serialised = true});
}
