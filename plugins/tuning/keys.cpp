#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key keys[] = {{"sysctl", map_of(text)}, {"mac", mac},
                        {"promisc", flag},        {"mtu", mtu},
                        {"allmulti", flag},       {"txQLen", unsigned_number},
                        {"dataDir", text}};
const PluginKeys known("tuning", keys);

}  // namespace
}  // namespace cni
