// dhcp: asks a DHCP server for addresses. A daemon keeps the leases; the plugin asks that.
#include <string_view>

#include "daemon/daemon.h"
#include "plugin.h"

int main(int count, char** words) {
    if (count > 1 && std::string_view(words[1]) == "daemon")
        return cni::dhcp::run_daemon({words + 2, words + count});
    return cni::run({.name = "dhcp",
                     .add = cni::dhcp::add,
                     .check = cni::dhcp::check,
                     .del = cni::dhcp::del,
                     .gc = cni::dhcp::gc,
                     .status = cni::dhcp::status});
}
