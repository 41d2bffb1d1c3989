#include "config.h"

#include "cni/result.h"

namespace cni::flannel {
namespace {

// Runtimes wait minutes for the whole of an operation.
constexpr int longest_wait = 60;

std::string text_or(const NetConf& conf, std::string_view key, std::string_view otherwise) {
    std::string text = conf.json.string_or(key, "");
    return text.empty() ? std::string(otherwise) : text;
}

// An object, or null.
Json object_at(const NetConf& conf, std::string_view key) {
    const auto value = conf.json.find(key);
    return value ? value->require_object() : Json();
}

void refuse_own_keys(const Json& delegate) {
    for (const std::string_view key : {"name", "ipam"})
        if (const auto value = delegate.find(key))
            throw ConfigError(*value, cat("'delegate' dictionary must not have '", key,
                                          "' field, it'll be set by flannel"));
}

std::string type_of(const Json& delegate) {
    const auto type = delegate.find("type");
    if (!type) return "bridge";
    if (!type->is_string())
        throw ConfigError(*type,
                          "'delegate' dictionary, if present, must have (string) 'type' field",
                          type->dump());
    if (!may_be_delegate(type->as_string()))
        throw ConfigError(*type, cat("flannel cannot delegate to ", quote(type->as_string())),
                          "\"delegate.type\" must be the name of another plugin");
    return type->as_string();
}

}  // namespace

bool may_be_delegate(std::string_view type) {
    return !type.empty() && type != "flannel" && type.find('/') == type.npos;
}

std::string data_dir_of(const NetConf& conf) {
    return text_or(conf, "dataDir", "/var/lib/cni/flannel");
}

Config parse_config(const NetConf& conf) {
    Config config;
    config.subnet_file = text_or(conf, "subnetFile", "/run/flannel/subnet.env");
    config.patience = std::chrono::seconds(conf.json.int_or("subnetFileWait", 0, longest_wait, 0));
    config.data_dir = data_dir_of(conf);
    config.delegate = object_at(conf, "delegate");
    config.type = type_of(config.delegate);
    refuse_own_keys(config.delegate);
    config.ipam = object_at(conf, "ipam");
    for (const Json& route : config.ipam.list("routes")) parse_route(route);
    return config;
}

}  // namespace cni::flannel
