// firewall: lets the traffic of containers through the host, and keeps bridges apart.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::firewall::plugin, count, words);
}
