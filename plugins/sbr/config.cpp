#include "config.h"

#include <algorithm>
#include <limits>

namespace cni::sbr {
namespace {

// 0 would have the kernel choose an empty table.
constexpr std::int64_t last_table = std::numeric_limits<std::uint32_t>::max();

Ip parse_gateway(const Json& json) {
    const std::string text = json.as_string();
    if (const auto ip = Ip::parse(text)) return *ip;
    throw ConfigError(json, cat("invalid static gateway IP address: ", text));
}

std::vector<Ip> parse_gateways(const Json& json) {
    const auto list = json.list("gateways");
    if (list.size() > both_families.size())
        throw ConfigError(*json.find("gateways"),
                          "gateways list cannot contain more than 2 entries (one IPv4, one IPv6)");
    std::vector<Ip> gateways;
    for (const Json& element : list) {
        const Ip gateway = parse_gateway(element);
        if (!gateways.empty() && gateways[0].family() == gateway.family())
            throw ConfigError(element, cat("gateways list contains multiple ",
                                           gateway.is_v4() ? "IPv4" : "IPv6", " addresses: ",
                                           gateways[0].to_string(), " and ", gateway.to_string()));
        gateways.push_back(gateway);
    }
    return gateways;
}

}  // namespace

std::optional<Ip> Config::gateway(Family family) const {
    const auto found = std::ranges::find(gateways, family, &Ip::family);
    return found == gateways.end() ? std::nullopt : std::optional(*found);
}

Config parse_config(const NetConf& conf) {
    Config config;
    if (const auto table = conf.json.find("table")) {
        config.table = static_cast<int>(table->as_int(1, last_table));
        return config;
    }
    config.gateways = parse_gateways(conf.json);
    config.keeps_hints = conf.json.bool_or("addSourceHints", false);
    return config;
}

}  // namespace cni::sbr
