#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

std::optional<Ip> ip_of(const Json& object, std::string_view key) {
    return Ip::parse(text_of(object, key));
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

void check_host_local(const Json& ipam, Problems& problems) {
    if (!text_of(ipam, "subnet").empty()) return check_ip_range(ipam, problems);
    for (const std::string_view key : {"rangeStart", "rangeEnd", "gateway"})
        if (const auto value = ipam.find(key))
            problems.warning(*value, cat(quote(key), " without \"subnet\" beside it is ignored"));
    const auto ranges = ipam.find("ranges");
    if (!ipam.find("subnet") && (!ranges || (ranges->is_array() && ranges->as_list().empty())))
        problems.error(ipam, cat(describe(ipam), " needs the key \"subnet\" or \"ranges\""));
}

constexpr Key range_keys[] = {
    {"subnet", cidr, true}, {"rangeStart", ip}, {"rangeEnd", ip}, {"gateway", ip}};
constexpr ObjectSchema range_schema{range_keys, check_ip_range};
constexpr Type range = object(range_schema);
constexpr Type range_set = list_of(range);

constexpr Key keys[] = {{"type", text},
                        {"subnet", cidr},
                        {"rangeStart", ip},
                        {"rangeEnd", ip},
                        {"gateway", ip},
                        {"ranges", list_of(range_set)},
                        {"routes", list_of(route)},
                        {"dataDir", text},
                        {"resolvConf", text}};
const IpamKeys known("host-local", keys, check_host_local);

}  // namespace
}  // namespace cni
