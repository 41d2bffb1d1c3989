#include "runtime/validate/plugin_checks.h"

#include <algorithm>

namespace cni {
namespace {

// Values of the wrong type are reported by the tables: here they count as absent.

bool is_on(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_bool() && value->as_bool();
}

std::string text_of(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_string() ? value->as_string() : "";
}

std::optional<Ip> ip_of(const Json& object, std::string_view key) {
    return Ip::parse(text_of(object, key));
}

bool has_ipam_type(const Json& plugin) {
    const auto ipam = plugin.find("ipam");
    return ipam && ipam->is_object() && !text_of(*ipam, "type").empty();
}

bool is_positive(const Json& object, std::string_view key) {
    const auto value = object.find(key);
    return value && value->is_number() && value->dump() != "0";
}

std::optional<int> vlan_of(const Json& value) {
    return value.is_number() ? parse_int<int>(value.dump()) : std::nullopt;
}

void require_both(const Json& plugin, std::string_view rate, std::string_view burst,
                  Problems& problems) {
    if (is_positive(plugin, rate) && !is_positive(plugin, burst))
        problems.error(*plugin.find(rate), "if rate is set, burst must also be set");
    if (is_positive(plugin, burst) && !is_positive(plugin, rate))
        problems.error(*plugin.find(burst), "if burst is set, rate must also be set");
}

}  // namespace

void check_bandwidth(const Json& plugin, Problems& problems) {
    require_both(plugin, "ingressRate", "ingressBurst", problems);
    require_both(plugin, "egressRate", "egressBurst", problems);
}

void check_bridge(const Json& plugin, Problems& problems) {
    if (is_on(plugin, "hairpinMode") && is_on(plugin, "promiscMode"))
        problems.error(*plugin.find("promiscMode"),
                       "cannot set hairpin mode and promiscuous mode at the same time");
    if (is_on(plugin, "disableContainerInterface") && has_ipam_type(plugin))
        problems.error(*plugin.find("disableContainerInterface"),
                       "cannot use IPAM when DisableContainerInterface flag is set");
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

void check_host_local(const Json& ipam, Problems& problems) {
    if (!text_of(ipam, "subnet").empty()) return check_ip_range(ipam, problems);
    for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway"})
        if (const auto value = ipam.find(key))
            problems.warning(*value, cat(quote(key), " without \"subnet\" beside it is ignored"));
    const auto ranges = ipam.find("ranges");
    if (!ipam.find("subnet") && (!ranges || (ranges->is_array() && ranges->as_list().empty())))
        problems.error(ipam, cat(describe(ipam), " needs the key \"subnet\" or \"ranges\""));
}

void check_ip_range(const Json& range, Problems& problems) {
    const auto subnet = Prefix::parse(text_of(range, "subnet"));
    if (!subnet) return;
    const Prefix network = subnet->network();
    if (network.length > network.ip.bits() - 2)
        problems.error(*range.find("subnet"),
                       cat("network ", network.to_string(), " is too small to allocate from"));
    for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway"}) {
        const auto ip = ip_of(range, key);
        if (ip && !network.contains(*ip))
            problems.error(*range.find(key), cat(quote(key), " ", ip->to_string(), " is not in ",
                                                 network.to_string()));
    }
    const auto start = ip_of(range, "rangeStart"), end = ip_of(range, "rangeEnd");
    if (start && end && *start > *end)
        problems.error(*range.find("rangeEnd"), "\"rangeEnd\" is before \"rangeStart\"");
}

void check_needs_ipam(const Json& plugin, Problems& problems) {
    if (!has_ipam_type(plugin))
        problems.error(plugin, cat(describe(plugin), " needs \"ipam\" with a \"type\""));
}

void check_trunk(const Json& trunk, Problems& problems) {
    const auto min = trunk.find("minID"), max = trunk.find("maxID");
    if (min.has_value() != max.has_value())
        problems.error(trunk, "minID and maxID should be configured simultaneously");
    if (!min && !max && !trunk.find("id"))
        problems.error(trunk, cat(describe(trunk), " needs \"id\", or \"minID\" and \"maxID\""));
    const auto first = min ? vlan_of(*min) : std::nullopt;
    const auto last = max ? vlan_of(*max) : std::nullopt;
    if (first && last && *first > *last)
        problems.error(trunk, "minID is greater than maxID in trunk parameter");
}

}  // namespace cni
