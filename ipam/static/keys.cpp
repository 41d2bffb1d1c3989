#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::static_ipam {
namespace {

void check_config(const NetConf& conf, Problems& problems) {
    problems.attempt(*conf.json.find("ipam"), [&] { parse_config(conf); });
}

constexpr Key address_keys[] = {{"address", cidr, true}, {"gateway", ip}, {"version", text}};
constexpr ObjectSchema address_schema{address_keys};
constexpr Type address = object(address_schema);

constexpr Key keys[] = {{"type", text},
                        {"addresses", list_of(address)},
                        {"routes", list_of(route)},
                        {"dns", object(dns_schema)}};

}  // namespace

constinit const PluginKeys known_keys{"static", about, keys, check_config};

}  // namespace cni::static_ipam
