// sbr: source based routing. Packets from an address of the interface are routed by the interface's
// own routes, whatever other interfaces the container has.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::sbr::plugin, count, words);
}
