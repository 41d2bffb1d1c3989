#include "inspect.h"

#include "attach/foreseen.h"
#include "attach/parent.h"
#include "config.h"

namespace cni::vlan {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    Rtnl host;
    const auto container = foresee_container(outlook, Vlan::name);
    const auto parent = foresee_link_on(outlook, host, container.get(), config.parent, config.mtu,
                                        Vlan::name, cat("VLAN ", config.kind.id));
    if (parent) require_up(*parent);
    foresee_rest_of_link(outlook, outlook.foresee_ipam());
}

}  // namespace cni::vlan
