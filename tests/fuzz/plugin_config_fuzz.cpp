// The configuration of each plugin, with CNI_ARGS in its "fuzzCniArgs": read, or refused with an
// error of the configuration or of the environment.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attempt.h"
#include "cni/plugin.h"
#include "cni/version.h"
#include "ipam/host-local/config.h"
#include "ipam/static/config.h"
#include "plugins/bandwidth/config.h"
#include "plugins/bridge/config.h"
#include "plugins/dummy/config.h"
#include "plugins/firewall/config.h"
#include "plugins/flannel/config.h"
#include "plugins/host-device/config.h"
#include "plugins/ipvlan/config.h"
#include "plugins/macvlan/config.h"
#include "plugins/portmap/config.h"
#include "plugins/ptp/config.h"
#include "plugins/sample/config.h"
#include "plugins/sbr/config.h"
#include "plugins/tap/config.h"
#include "plugins/tuning/config.h"
#include "plugins/vlan/config.h"
#include "plugins/vrf/config.h"

namespace {

using cni::fuzz::attempt;

void read_everywhere(const cni::Request& request) {
    attempt([&] { cni::bandwidth::parse_config(request.conf); });
    attempt([&] { cni::bridge::parse_config(request); });
    attempt([&] { cni::dummy::parse_config(request); });
    attempt([&] { cni::ipvlan::parse_config(request.conf); });
    attempt([&] { cni::host_device::parse_config(request.conf); });
    attempt([&] { cni::firewall::parse_config(request.conf); });
    attempt([&] { cni::flannel::parse_config(request.conf); });
    attempt([&] { cni::macvlan::parse_config(request); });
    attempt([&] { cni::ptp::parse_config(request.conf); });
    attempt([&] { cni::portmap::parse_config(request.conf); });
    attempt([&] { cni::tap::parse_config(request); });
    attempt([&] { cni::tuning::parse_config(request); });
    attempt([&] { cni::vlan::parse_config(request.conf); });
    attempt([&] { cni::sample::parse_config(request.conf); });
    attempt([&] { cni::sbr::parse_config(request.conf); });
    attempt([&] { cni::vrf::parse_config(request.conf); });
    attempt([&] { cni::static_ipam::parse_config(request); });
    attempt([&] { cni::host_local::parse_config(request); });
    attempt([&] { cni::host_local::Location::parse(request.conf); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    attempt([&] {
        cni::Request request{
            {.command = "ADD", .container_id = "c1", .netns = "/x", .ifname = "eth0"},
            cni::NetConf::parse(std::string(reinterpret_cast<const char*>(data), size))};
        cni::require_supported(request.conf.cni_version);  // as before any plugin's steps
        attempt([&] { request.args.cni_args = request.conf.json.string_or("fuzzCniArgs", ""); });
        read_everywhere(request);
    });
    return 0;
}
