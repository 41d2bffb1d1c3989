#include "inspect.h"

#include <unistd.h>

#include "config.h"

namespace cni::dhcp {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf, outlook.request.args.cni_args);
    const bool is_there = ::access(config.socket_path.c_str(), F_OK) == 0;
    outlook.use("socket", config.socket_path,
                is_there ? "of the daemon" : "nothing is there: no daemon runs, and ADD fails");
    outlook.note(cat("which addresses the DHCP server gives (", name_of(config.leases),
                     ") is not known before"));
    outlook.is_known = false;
}

}  // namespace cni::dhcp
