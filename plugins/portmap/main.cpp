// portmap: forwards ports of the host to a container.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::portmap::plugin, count, words);
}
