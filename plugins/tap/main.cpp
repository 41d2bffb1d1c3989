// tap: gives a container an interface whose other side is a program in it, a virtual machine's say.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::tap::plugin, count, words);
}
