#include "config.h"

#include <limits>

#include "cni/wished_mac.h"

namespace cni::tap {
namespace {

std::optional<std::uint32_t> parse_id(const Json& json, std::string_view key) {
    const auto id = json.find(key);
    if (!id) return {};
    return static_cast<std::uint32_t>(id->as_int(0, std::numeric_limits<std::uint32_t>::max()));
}

std::string parse_bridge(const Json& json) {
    std::string name = json.string_or("bridge", "");
    if (name.empty() || is_ifname(name)) return name;
    throw ConfigError(*json.find("bridge"), cat("invalid interface name ", quote(name)),
                      "\"bridge\" needs 1 to 15 bytes without \"/\", \":\" or white space");
}

Config parse(const NetConf& conf, std::string_view cni_args) {
    const Json& json = conf.json;
    Config config;
    config.multi_queue = json.bool_or("multiQueue", false);
    config.mtu = conf.mtu();
    config.mac = wished_mac(conf, cni_args,
                            {MacSource::key, MacSource::cni_args, MacSource::runtime_config});
    config.owner = parse_id(json, "owner");
    config.group = parse_id(json, "group");
    config.bridge = parse_bridge(json);
    config.selinux_context = json.string_or("selinuxContext", "");
    config.layer3 = !conf.ipam_type().empty();
    return config;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    return parse(conf, "");
}

Config parse_config(const Request& request) {
    return parse(request.conf, request.args.cni_args);
}

}  // namespace cni::tap
