#include "inspect.h"

#include "config.h"
#include "container/chained.h"
#include "plan.h"

namespace cni::sbr {
namespace {

void foresee_rules(Outlook& outlook, const std::vector<Prefix>& addresses,
                   const std::string& table) {
    for (const Prefix& address : addresses)
        outlook.make("rule", address.ip.to_string(),
                     cat("in the container: what is sent from there looks into ", table));
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known) require_chained(outlook.request);
    const Result own = own_part(outlook.result, outlook.request.args);
    if (config.table) return foresee_rules(outlook, own.addresses(), cat("table ", *config.table));
    // Which ones is decided by what is in the container when its interfaces are.
    foresee_rules(outlook, own.addresses(),
                  cat("a table of its own, the first that is unused from ", first_table, " on"));
    outlook.set("interface", outlook.request.args.ifname,
                "in the container: its routes move from table main into those");
}

}  // namespace cni::sbr
