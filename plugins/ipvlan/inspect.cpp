#include "inspect.h"

#include "attach/foreseen.h"
#include "attach/parent.h"
#include "commands.h"
#include "config.h"

namespace cni::ipvlan {

void foresee(Outlook& outlook) {
    Config config = parse_config(outlook.request.conf);
    const auto prev_result = outlook.request.conf.prev_result();
    if (config.parent.name.empty() && prev_result)
        config.parent.name = chained_parent(*prev_result);
    Rtnl host;
    const auto container = foresee_container(outlook, Ipvlan::name);
    foresee_link_on(outlook, host, container.get(), config.parent, config.mtu, Ipvlan::name,
                    cat("mode ", name_of(Ipvlan::modes, config.mode)));
    foresee_rest_of_link(outlook,
                         config.has_ipam ? outlook.foresee_ipam() : addresses_of(prev_result));
}

}  // namespace cni::ipvlan
