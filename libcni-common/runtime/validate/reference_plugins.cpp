#include "runtime/validate/reference_plugins.h"

#include <algorithm>

#include "runtime/validate/types.h"

namespace cni {
namespace {

// What they refuse besides single values

void require_both(const Json& json, std::string_view rate, std::string_view burst,
                  Problems& problems) {
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    const bool has_rate = json.int_or(rate, 0, largest, 0) != 0;
    const bool has_burst = json.int_or(burst, 0, largest, 0) != 0;
    if (has_rate && !has_burst)
        problems.error(*json.find(rate), "if rate is set, burst must also be set");
    if (has_burst && !has_rate)
        problems.error(*json.find(burst), "if burst is set, rate must also be set");
}

void check_bandwidth(const NetConf& conf, Problems& problems) {
    require_both(conf.json, "ingressRate", "ingressBurst", problems);
    require_both(conf.json, "egressRate", "egressBurst", problems);
}

// Meta plugins

constexpr Type rate = between(0, std::numeric_limits<std::int64_t>::max());  // bit/s
// A bucket is counted in 32 bits of bytes by the kernel.
constexpr Type burst = between(0, 8 * std::int64_t{std::numeric_limits<std::uint32_t>::max()} - 1);
constexpr Key bandwidth_keys[] = {
    {"ingressRate", rate}, {"ingressBurst", burst}, {"egressRate", rate}, {"egressBurst", burst}};

constexpr PluginKeys plugins[] = {
    {"bandwidth", "", bandwidth_keys, check_bandwidth},
};

}  // namespace

std::span<const PluginKeys> reference_plugins() {
    return plugins;
}

}  // namespace cni
