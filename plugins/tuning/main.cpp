// tuning: kernel parameters and attributes of an interface that another plugin has made.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::tuning::plugin, count, words);
}
