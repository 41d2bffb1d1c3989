#include "admission_config.h"
#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::firewall {
namespace {

constexpr std::string_view backends[] = {"", "iptables", "nftables", "firewalld"};
constexpr std::string_view ingress_policies[] = {"", "open", "same-bridge", "isolated"};

void check_entry(const Json& entry, Problems& problems) {
    problems.attempt(entry, [&] { parse_allowances(entry); });
}

constexpr Type allowed = checked(members, check_entry);

constexpr Key keys[] = {{"backend", one_of(backends)}, {"iptablesAdminChainName", text},
                        {"firewalldZone", text},       {"ingressPolicy", one_of(ingress_policies)},
                        {"ingress", list_of(allowed)}, {"egress", list_of(allowed)},
                        {"ingressFromHost", flag},     {"gate", flag}};

}  // namespace

constinit const PluginKeys known_keys{"firewall", about, keys, ask_parser<parse_config>};

}  // namespace cni::firewall
