#include "inspect.h"

#include <unistd.h>

#include "allowlist.h"
#include "config.h"

namespace cni::tuning {
namespace {

void foresee_attributes(Outlook& outlook, const Attributes& wanted) {
    const std::string& ifname = outlook.request.args.ifname;
    const auto set = [&](const auto& value, std::string_view name, const std::string& text) {
        if (value) outlook.set("interface", ifname, cat("in the container: ", name, " ", text));
    };
    set(wanted.mac, "MAC", wanted.mac ? wanted.mac->to_string() : "");
    set(wanted.mtu, "MTU", cat(wanted.mtu.value_or(0)));
    set(wanted.promisc, "promiscuous", wanted.promisc.value_or(false) ? "on" : "off");
    set(wanted.allmulti, "all multicast", wanted.allmulti.value_or(false) ? "on" : "off");
    set(wanted.txqlen, "transmit queue", cat(wanted.txqlen.value_or(0)));
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request);
    if (outlook.is_known) outlook.request.conf.require_prev_result();
    if (!config.sysctls.empty() && ::access(allowlist_path, F_OK) == 0)
        outlook.note(cat("a parameter that ", allowlist_path, " does not list makes ADD fail"));
    for (const Sysctl& sysctl : config.sysctls)
        outlook.set("sysctl", sysctl.name.dotted, cat("in the container, to ", sysctl.value));
    foresee_attributes(outlook, config.wanted);
    if (!config.sysctls.empty() || config.wanted.any())
        outlook.note(cat("what was there before is kept in ", config.data_dir, " for DEL"));
}

}  // namespace cni::tuning
