// ipvlan: gives each container an interface of its own on one of the host's, whose MAC they share.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::ipvlan::plugin, count, words);
}
