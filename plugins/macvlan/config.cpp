#include "config.h"

#include <limits>
#include <span>

#include "cni/choice.h"
#include "cni/wished_mac.h"

namespace cni::macvlan {
namespace {

// The last one, source, is for interfaces with a list of the MAC addresses that they hear.
constexpr auto modes = std::span(Macvlan::modes).first<4>();

constexpr int largest_mtu = 65535;

Config parse(const NetConf& conf, std::string_view cni_args) {
    const Json& json = conf.json;
    Config config;
    config.parent = parse_parent(json);
    config.kind.mode = choice_or(json, "mode", modes, Macvlan::Mode::bridge, "macvlan mode");
    // 0 would be a queue for no broadcast at all: without it there is one of a thousand.
    if (const auto queue = static_cast<std::uint32_t>(
            json.int_or("bcqueuelen", 0, std::numeric_limits<std::uint32_t>::max(), 0)))
        config.kind.broadcast_queue = queue;
    config.mtu = static_cast<std::uint32_t>(json.int_or("mtu", 0, largest_mtu, 0));
    config.mac = wished_mac(
        conf, cni_args,
        {MacSource::key, MacSource::cni_args, MacSource::args_cni, MacSource::runtime_config});
    config.layer3 = !conf.ipam_type().empty();
    return config;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    return parse(conf, {});
}

Config parse_config(const Request& request) {
    return parse(request.conf, request.args.cni_args);
}

}  // namespace cni::macvlan
