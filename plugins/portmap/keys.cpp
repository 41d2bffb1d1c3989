#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::portmap {
namespace {

constexpr std::string_view backends[] = {"", "iptables", "nftables"};
constexpr Key keys[] = {{"snat", flag},
                        {"masqAll", flag},
                        {"markMasqBit", between(0, 31)},
                        {"externalSetMarkChain", text},
                        {"conditionsV4", texts},
                        {"conditionsV6", texts},
                        {"backend", one_of(backends)}};

}  // namespace

constinit const PluginKeys known_keys{"portmap", about, keys, ask_parser<parse_config>};

}  // namespace cni::portmap
