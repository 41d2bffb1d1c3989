#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"

namespace cni::tap {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request);
    const auto container = foresee_container(outlook, "tap");
    if (container && !config.bridge.empty()) container->rtnl.get(config.bridge);
    foresee_link(outlook, "tap",
                 config.bridge.empty() ? "" : cat("a port of bridge ", config.bridge, " in there"));
    foresee_rest_of_link(outlook, outlook.foresee_ipam());
}

}  // namespace cni::tap
