// ptp: connects each container to the host by a cable of its own, over which everything is routed.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::ptp::plugin, count, words);
}
