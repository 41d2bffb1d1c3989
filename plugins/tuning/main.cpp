// tuning: kernel parameters and attributes of an interface that another plugin has made.
#include "commands.h"

int main() {
    return cni::run({.name = "tuning",
                     .add = cni::tuning::add,
                     .check = cni::tuning::check,
                     .del = cni::tuning::del,
                     .gc = cni::tuning::gc,
                     .is_serialised = true});
}
