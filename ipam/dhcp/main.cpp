// dhcp: asks a DHCP server for addresses. A daemon keeps the leases; the plugin asks that.
#include "plugin.h"

int main(int count, char** words) {
    return cni::run(cni::dhcp::plugin, count, words);
}
