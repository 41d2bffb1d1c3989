// bridge: connects containers to a bridge of the host, which it makes when needed.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::bridge::plugin, count, words);
}
