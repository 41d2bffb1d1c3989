#include "foresights.h"

#include "ipam/dhcp/inspect.h"
#include "ipam/host-local/inspect.h"
#include "ipam/static/inspect.h"
#include "plugins/bandwidth/inspect.h"
#include "plugins/bridge/inspect.h"
#include "plugins/debug/inspect.h"
#include "plugins/dummy/inspect.h"
#include "plugins/firewall/inspect.h"
#include "plugins/flannel/inspect.h"
#include "plugins/host-device/inspect.h"
#include "plugins/ipvlan/inspect.h"
#include "plugins/loopback/inspect.h"
#include "plugins/macvlan/inspect.h"
#include "plugins/portmap/inspect.h"
#include "plugins/ptp/inspect.h"
#include "plugins/sample/inspect.h"
#include "plugins/sbr/inspect.h"
#include "plugins/tap/inspect.h"
#include "plugins/tuning/inspect.h"
#include "plugins/vlan/inspect.h"
#include "plugins/vrf/inspect.h"

namespace cni::tool {
namespace {

struct Foresight {
    std::string_view type;
    Outlook::Foresee foresee;
};

constexpr Foresight foresights[] = {
    {"bandwidth", bandwidth::foresee},
    {"bridge", bridge::foresee},
    {"debug", debug::foresee},
    {"dhcp", dhcp::foresee},
    {"dummy", dummy::foresee},
    {"firewall", firewall::foresee},
    {"flannel", flannel::foresee},
    {"host-device", host_device::foresee},
    {"host-local", host_local::foresee},
    {"ipvlan", ipvlan::foresee},
    {"loopback", loopback::foresee},
    {"macvlan", macvlan::foresee},
    {"portmap", portmap::foresee},
    {"ptp", ptp::foresee},
    {"sample", sample::foresee},
    {"sbr", sbr::foresee},
    {"static", static_ipam::foresee},
    {"tap", tap::foresee},
    {"tuning", tuning::foresee},
    {"vlan", vlan::foresee},
    {"vrf", vrf::foresee},
};

}  // namespace

Outlook::Foresee find_foresight(std::string_view type) {
    for (const Foresight& each : foresights)
        if (each.type == type) return each.foresee;
    return nullptr;
}

}  // namespace cni::tool
