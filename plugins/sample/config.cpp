#include "config.h"

#include <linux/if.h>

namespace cni::sample {

Config parse_config(const NetConf& conf) {
    Config config;
    config.label_interface = conf.json.bool_or("myAwesomeFlag", false);
    config.label = conf.json.string_or("anotherAwesomeArg", "");
    if (config.label.empty())
        throw Error(Code::invalid_config, "anotherAwesomeArg must be specified");
    if (const auto sample = conf.runtime_config("sample"))
        config.label = sample->string_or("label", config.label);
    if (config.label.size() >= IFALIASZ)
        throw Error(Code::invalid_config, cat("a label has at most ", IFALIASZ - 1, " bytes"),
                    config.label);
    return config;
}

}  // namespace cni::sample
