// sample: what docs/writing-a-plugin.md explains. A chained plugin that labels the interface.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::sample::plugin, count, words);
}
