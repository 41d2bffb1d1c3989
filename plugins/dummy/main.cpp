// dummy: gives each container an interface that drops what is sent through it, to bear addresses.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::dummy::plugin, count, words);
}
