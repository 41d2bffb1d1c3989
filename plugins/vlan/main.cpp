// vlan: gives each container an interface of one VLAN, on an interface that carries several.
#include "commands.h"

int main(int count, char** words) {
    return cni::run(cni::vlan::plugin, count, words);
}
