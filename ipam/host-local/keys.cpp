#include "config.h"
#include "range_sets.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::host_local {
namespace {

void check_range(const Json& json, Problems& problems) {
    problems.attempt(json, [&] { make_range(read_range(json)); });
}

void check_set(const Json& json, Problems& problems) {
    problems.attempt(json, [&] { make_range_set(read_range_set(json)); });
}

void remark_on_range_without_subnet(const Json& ipam, Problems& problems) {
    for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway"})
        if (const auto value = ipam.find(key))
            problems.warning(*value, cat(quote(key), " without \"subnet\" beside it is ignored"));
}

// ADD says the last of it when it looks for an address.
void require_addresses(const NetConf& conf) {
    const Config config = parse_config(conf);
    if (!declares_capability(conf, "ipRanges")) require_sets(config);
    if (const RangeSet* set = find_exhausted(config.sets, {}))
        throw Error(Code::invalid_config, exhausted(*set));
}

void check_config(const NetConf& conf, Problems& problems) {
    const Json ipam = *conf.json.find("ipam");
    if (!ipam.prefix("subnet"))
        remark_on_range_without_subnet(ipam, problems);
    else if (!problems.attempt(ipam, [&] { make_range(read_range(ipam)); }))
        return;
    problems.attempt(ipam, [&] { require_addresses(conf); });
}

constexpr Key range_keys[] = {
    {"subnet", cidr, true}, {"rangeStart", ip}, {"rangeEnd", ip}, {"gateway", ip}};
constexpr ObjectSchema range_schema{range_keys};
constexpr Type range = checked(object(range_schema), check_range);
constexpr Type range_set = checked(list_of(range), check_set);

constexpr Key keys[] = {{"type", text},
                        {"subnet", cidr},
                        {"rangeStart", ip},
                        {"rangeEnd", ip},
                        {"gateway", ip},
                        {"ranges", list_of(range_set)},
                        {"routes", list_of(route)},
                        {"dataDir", text},
                        {"resolvConf", text}};

}  // namespace

constinit const PluginKeys known_keys{"host-local", about, keys, check_config};

}  // namespace cni::host_local
