#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"
#include "container/chained.h"
#include "detour.h"
#include "limits.h"

namespace cni::bandwidth {
namespace {

std::string text_of(const Limit& limit, std::string_view who) {
    return cat("tbf: the container ", who, " at most ", limit.rate, " bit/s");
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known) require_chained(outlook.request);
    if (!config.limits_anything()) return outlook.note("no limit is asked for");
    const std::string end = foreseen_host_end(outlook);
    if (end.empty()) {
        if (outlook.is_known) throw no_host_end(outlook.request.args.ifname);
        return outlook.note("which interface of the host is limited is not known");
    }
    if (config.egress) {
        const std::string ifb =
            detour_of(outlook.request.conf.name, outlook.request.attachment()).name;
        outlook.make("ifb", ifb, cat("of the host: what comes from ", end, " is redirected there"));
        outlook.make("qdisc", ifb, text_of(*config.egress, "sends"));
        outlook.result.interfaces.push_back(outlook.on_host(ifb));
    }
    if (config.ingress) outlook.make("qdisc", end, text_of(*config.ingress, "receives"));
}

}  // namespace cni::bandwidth
