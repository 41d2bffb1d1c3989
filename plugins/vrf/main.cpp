// vrf: an interface that another plugin has made becomes a port of a VRF, with its addresses and
// routes.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::vrf::plugin, count, words);
}
