#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::dhcp {
namespace {

void check_config(const NetConf& conf, Problems& problems) {
    problems.attempt(*conf.json.find("ipam"), [&] { parse_config(conf); });
}

constexpr Type ips = list_of(ip);
constexpr Key provide_keys[] = {{"option", text, true}, {"value", text},  {"hex", text},
                                {"addresses", ips},     {"texts", texts}, {"fromArg", text}};
constexpr ObjectSchema provide_schema{provide_keys};
constexpr Type provide = object(provide_schema);

constexpr Key request_keys[] = {{"option", text}, {"skipDefault", flag}};
constexpr ObjectSchema request_schema{request_keys};
constexpr Type request = object(request_schema);

constexpr std::string_view families[] = {"", "ipv4", "ipv6", "both"};
constexpr Key keys[] = {{"type", text},
                        {"daemonSocketPath", absolute_path},
                        {"family", one_of(families)},
                        {"priority", number},
                        {"provide", list_of(provide)},
                        {"request", list_of(request)},
                        {"provide6", list_of(provide)},
                        {"request6", list_of(request)}};

}  // namespace

constinit const PluginKeys known_keys{"dhcp", about, keys, check_config};

}  // namespace cni::dhcp
