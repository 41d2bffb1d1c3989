// sample: what docs/writing-a-plugin.md explains. A chained plugin that labels the interface.
#include "commands.h"

int main() {
    return cni::run({.name = "sample",
                     .add = cni::sample::add,
                     .check = cni::sample::check,
                     .del = cni::sample::del,
                     .status = cni::sample::status});
}
