#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr std::string_view portmap_backends[] = {"", "iptables", "nftables"};
constexpr Key keys[] = {{"snat", flag},
                        {"masqAll", flag},
                        {"markMasqBit", between(0, 31)},
                        {"externalSetMarkChain", text},
                        {"conditionsV4", texts},
                        {"conditionsV6", texts},
                        {"backend", one_of(portmap_backends)}};
const PluginKeys known("portmap", keys);

}  // namespace
}  // namespace cni
