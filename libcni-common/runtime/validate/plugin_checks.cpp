#include "runtime/validate/plugin_checks.h"

#include <algorithm>

namespace cni {
namespace {

bool is_positive(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_number() && value->dump() != "0";
}

void require_both(const Json& plugin, std::string_view rate, std::string_view burst,
                  Problems& problems) {
    if (is_positive(plugin, rate) && !is_positive(plugin, burst))
        problems.error(*plugin.find(rate), "if rate is set, burst must also be set");
    if (is_positive(plugin, burst) && !is_positive(plugin, rate))
        problems.error(*plugin.find(burst), "if burst is set, rate must also be set");
}

}  // namespace

bool is_on(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_bool() && value->as_bool();
}

std::string text_of(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_string() ? value->as_string() : "";
}

bool has_ipam_type(const Json& plugin) {
    const auto ipam = plugin.find("ipam");
    return ipam && ipam->is_object() && !text_of(*ipam, "type").empty();
}

bool lacks_ipam_type(const Json& plugin) {
    return !has_ipam_type(plugin);
}

void check_bandwidth(const Json& plugin, Problems& problems) {
    require_both(plugin, "ingressRate", "ingressBurst", problems);
    require_both(plugin, "egressRate", "egressBurst", problems);
}

void check_flannel(const Json& plugin, Problems& problems) {
    const auto delegate = plugin.find("delegate");
    if (!delegate) return;
    for (const std::string_view key : {"name", "ipam"})
        if (const auto value = delegate->find(key))
            problems.error(*value, cat("\"delegate\" must not have the key ", quote(key),
                                       ": flannel sets it"));
}

void check_host_device(const Json& plugin, Problems& problems) {
    // A runtime may pass the device through the capability.
    const auto capabilities = plugin.find("capabilities");
    if (capabilities && is_on(*capabilities, "deviceID")) return;
    constexpr std::string_view selectors[] = {"device", "hwaddr", "kernelpath", "pciBusID"};
    if (std::any_of(std::begin(selectors), std::end(selectors),
                    [&](std::string_view key) { return plugin.find(key).has_value(); }))
        return;
    problems.error(plugin, "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"");
}

void check_needs_ipam(const Json& plugin, Problems& problems) {
    if (!has_ipam_type(plugin))
        problems.error(plugin, cat(describe(plugin), " needs \"ipam\" with a \"type\""));
}

}  // namespace cni
