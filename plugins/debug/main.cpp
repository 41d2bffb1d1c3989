// debug: writes down each call it gets, and runs programs in the container's namespace.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::debug::plugin, count, words);
}
