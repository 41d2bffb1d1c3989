// host-device: lends a network device of the host to a container, and takes it back.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::host_device::plugin, count, words);
}
