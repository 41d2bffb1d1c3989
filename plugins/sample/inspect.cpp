#include "inspect.h"

#include "config.h"
#include "container/chained.h"

namespace cni::sample {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known) require_chained(outlook.request);
    if (config.label_interface)
        outlook.set("interface", outlook.request.args.ifname,
                    cat("its label in the container is ", config.label));
}

}  // namespace cni::sample
