// bandwidth: limits what a container receives and sends.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::bandwidth::plugin, count, words);
}
