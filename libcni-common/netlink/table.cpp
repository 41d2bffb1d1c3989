#include "netlink/table.h"

#include <linux/rtnetlink.h>

#include "netlink/route.h"

namespace cni {

bool is_reserved_table(int table) {
    return table == RT_TABLE_UNSPEC || table == RT_TABLE_DEFAULT || table == RT_TABLE_MAIN ||
           table == RT_TABLE_LOCAL;
}

UnusedTables::UnusedTables(Rtnl& rtnl, const std::vector<Rule>& rules)
    : used_(tables_of_routes(rtnl)) {
    for (const Rule& rule : rules) used_.insert(rule.table);
    // One without ports may have no route yet.
    for (const Link& link : rtnl.links())
        if (const Vrf* vrf = link.as<Vrf>()) used_.insert(static_cast<int>(vrf->table));
}

int UnusedTables::take(int first) {
    int table = first;
    while (is_reserved_table(table) || used_.contains(table)) ++table;
    used_.insert(table);
    return table;
}

}  // namespace cni
