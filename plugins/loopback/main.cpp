// loopback: brings up lo in the container.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::loopback::plugin, count, words);
}
