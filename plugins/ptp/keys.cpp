#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key keys[] = {
    {"ipMasq", flag}, {"ipMasqBackend", masquerade_backend}, {"mtu", mtu_or_less}};
const PluginKeys known("ptp", keys, check_needs_ipam);

}  // namespace
}  // namespace cni
