#include "plugins.h"

#include "ipam/dhcp/config.h"
#include "ipam/host-local/config.h"
#include "ipam/static/config.h"
#include "plugins/bandwidth/config.h"
#include "plugins/bridge/config.h"
#include "plugins/debug/config.h"
#include "plugins/dummy/config.h"
#include "plugins/firewall/config.h"
#include "plugins/flannel/config.h"
#include "plugins/host-device/config.h"
#include "plugins/ipvlan/config.h"
#include "plugins/loopback/config.h"
#include "plugins/macvlan/config.h"
#include "plugins/portmap/config.h"
#include "plugins/ptp/config.h"
#include "plugins/sample/config.h"
#include "plugins/sbr/config.h"
#include "plugins/tap/config.h"
#include "plugins/tuning/config.h"
#include "plugins/vlan/config.h"
#include "plugins/vrf/config.h"

namespace cni::tool {
namespace {

constexpr const PluginKeys* plugins[] = {
    &bandwidth::known_keys, &bridge::known_keys,  &debug::known_keys,       &dummy::known_keys,
    &firewall::known_keys,  &flannel::known_keys, &host_device::known_keys, &ipvlan::known_keys,
    &loopback::known_keys,  &macvlan::known_keys, &portmap::known_keys,     &ptp::known_keys,
    &sample::known_keys,    &sbr::known_keys,     &tap::known_keys,         &tuning::known_keys,
    &vlan::known_keys,      &vrf::known_keys,
};

constexpr const PluginKeys* ipam_plugins[] = {&dhcp::known_keys, &host_local::known_keys,
                                              &static_ipam::known_keys};

}  // namespace

constinit const KnownPlugins known_plugins{plugins, ipam_plugins};

}  // namespace cni::tool
