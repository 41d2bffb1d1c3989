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

void check_exclusion(const Json& json, Problems& problems) {
    problems.attempt(json, [&] { parse_exclusion(json); });
}

void check_reservation(const Json& json, Problems& problems) {
    problems.attempt(json, [&] { parse_reservation(json); });
}

void remark_on_range_without_subnet(const Json& ipam, Problems& problems) {
    for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway", "wholeSubnet"})
        if (const auto value = ipam.find(key))
            problems.warning(*value, cat(quote(key), " without \"subnet\" beside it is ignored"));
}

// ADD says the last of it when it looks for an address.
void require_addresses(const NetConf& conf) {
    const Config config = parse_config(conf);
    if (has_all_ranges(conf)) {
        require_sets(config);
        config.policy.require_within(config.sets);
    }
    if (const RangeSet* set = find_exhausted(config, {}))
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

constexpr Key range_keys[] = {{"subnet", cidr, true},
                              {"rangeStart", ip},
                              {"rangeEnd", ip},
                              {"gateway", ip},
                              {"wholeSubnet", flag}};
constexpr ObjectSchema range_schema{range_keys};
constexpr Type range = checked(object(range_schema), check_range);
constexpr Type range_set = checked(list_of(range), check_set);

constexpr Type exclusion = checked(text, check_exclusion);

constexpr Key reservation_keys[] = {
    {"address", ip, true}, {"pod", text}, {"containerID", text}, {"mac", mac}};
constexpr ObjectSchema reservation_schema{reservation_keys};
constexpr Type reservation = checked(object(reservation_schema), check_reservation);

constexpr Key keys[] = {{"type", text},
                        {"subnet", cidr},
                        {"rangeStart", ip},
                        {"rangeEnd", ip},
                        {"gateway", ip},
                        {"wholeSubnet", flag},
                        {"ranges", list_of(range_set)},
                        {"exclude", list_of(exclusion)},
                        {"reserve", list_of(reservation)},
                        {"sticky", one_of(owner_kinds)},
                        {"cooldown", between(0, longest_cooldown)},
                        {"strategy", one_of(strategies)},
                        {"routes", list_of(route)},
                        {"dataDir", text},
                        {"resolvConf", text}};

}  // namespace

constinit const PluginKeys known_keys{"host-local", about, keys, check_config};

}  // namespace cni::host_local
