// static: hands out the addresses that the configuration or the runtime names. It keeps nothing, so
// there is nothing to release on DEL and GC.
#include "static.h"

int main(int count, char** words) {
    return cni::run(cni::static_ipam::plugin, count, words);
}
