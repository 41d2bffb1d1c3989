// host-local: allocates addresses out of ranges, with one file per lease on this host.
#include "host_local.h"

int main(int count, char** words) {
    return cni::run(cni::host_local::plugin, count, words);
}
