// flannel: makes the configuration of another plugin of what the flannel daemon wrote about this
// node, and has that plugin do the work.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::flannel::plugin, count, words);
}
