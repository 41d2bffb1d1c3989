// cnitool: runs the plugins of a network by hand, as a runtime would.
#include "tool.h"

int main(int count, char** words) {
    return cni::tool::run(count, words);
}
