#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"

namespace cni::macvlan {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request);
    Rtnl host;
    const auto container = foresee_container(outlook, Macvlan::name);
    foresee_link_on(outlook, host, container.get(), config.parent, config.mtu, Macvlan::name,
                    cat("mode ", name_of(Macvlan::modes, config.kind.mode),
                        config.mac ? cat(", MAC ", config.mac->to_string()) : ""));
    foresee_rest_of_link(outlook, outlook.foresee_ipam());
}

}  // namespace cni::macvlan
