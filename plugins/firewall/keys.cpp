#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::firewall {
namespace {

constexpr std::string_view backends[] = {"", "iptables", "nftables"};
constexpr std::string_view ingress_policies[] = {"", "open", "same-bridge", "isolated"};
constexpr Key keys[] = {{"backend", one_of(backends)},
                        {"iptablesAdminChainName", text},
                        {"firewalldZone", text},
                        {"ingressPolicy", one_of(ingress_policies)}};

}  // namespace

constinit const PluginKeys known_keys{"firewall", keys, ask_parser<parse_config>};

}  // namespace cni::firewall
