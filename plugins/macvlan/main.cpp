// macvlan: gives each container an interface of its own, with a MAC of its own, on one of the
// host's.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::macvlan::plugin, count, words);
}
