#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"
#include "container/chained.h"
#include "device.h"
#include "netlink/table.h"

namespace cni::vrf {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known) require_chained(outlook.request);
    const auto container = find_container(outlook);
    const auto there = container ? find_vrf(container->rtnl, config.name) : std::nullopt;
    std::string table = config.table != 0 ? cat("table ", config.table) : "a table that is unused";
    if (there)
        table = cat("table ", table_of(*there));
    else if (container && config.table == 0)
        table = cat("table ", UnusedTables(container->rtnl, rules(container->rtnl)).take(1),
                    ", which is unused");
    outlook.make_unless(there.has_value(), "vrf", config.name, cat("in the container, ", table));
    outlook.set("interface", outlook.request.args.ifname,
                cat("in the container: into VRF ", config.name, ", with its routes"));
}

}  // namespace cni::vrf
