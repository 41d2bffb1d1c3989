#include "config.h"

namespace cni::debug {

Config parse_config(const NetConf& conf, std::string_view hooks_key) {
    Config config;
    config.output = conf.json.string_or("cniOutput", "");
    for (const Json& hook : conf.json.list(hooks_key)) {
        Hook argv;
        for (const Json& argument : hook.as_list()) argv.push_back(argument.as_string());
        if (!argv.empty()) config.hooks.push_back(std::move(argv));
    }
    return config;
}

}  // namespace cni::debug
