#include "config.h"

#include <algorithm>

#include "runtime/validate/plugin_keys.h"

namespace cni::host_device {
namespace {

constexpr std::string_view sys_devices = "/sys/devices/";
constexpr std::size_t longest_name = 127;  // of an alternative name: ALTIFNAMSIZ, linux/if.h

std::string parse_name(const Json& value) {
    std::string name = value.as_string();
    const bool is_possible = name.size() <= longest_name && std::ranges::none_of(name, [](char c) {
                                 return c == '/' || c == ':' || c <= ' ';
                             });
    if (is_possible) return name;
    throw ConfigError(value, cat("invalid interface name ", quote(name)),
                      "\"device\" needs 1 to 127 bytes without \"/\", \":\" or white space");
}

LinkAddress parse_address(const Json& value) {
    const std::string text = value.as_string();
    if (const auto address = LinkAddress::parse(text)) return *address;
    throw ConfigError(value,
                      cat("failed to parse MAC address ", quote(text), ": address ", text,
                          ": invalid MAC address"),
                      "\"hwaddr\" needs 6, 8 or 20 bytes, such as 02:00:5e:10:00:01");
}

// Without "." and "..", an absolute one.
std::string clean(std::string_view path) {
    std::vector<std::string_view> parts;
    for (const auto part : split(path, '/')) {
        if (part == ".." && !parts.empty()) parts.pop_back();
        if (part != ".." && part != "." && !part.empty()) parts.push_back(part);
    }
    return cat("/", join(parts, "/"));
}

std::string parse_kernel_path(const Json& value) {
    const std::string text = value.as_string(), path = clean(text);
    if (text.starts_with('/') && path.starts_with(sys_devices))
        return path.substr(sys_devices.size());
    throw ConfigError(
        value,
        cat("kernel device path ", quote(text), " must be absolute and begin with ", sys_devices),
        "key \"kernelpath\"");
}

// What may be the name of a device below /sys/bus.
bool is_bus_id(std::string_view id) {
    constexpr std::string_view others = ":._-+@";
    return !id.starts_with('.') && std::ranges::all_of(id, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != others.npos;
    });
}

std::string parse_bus_id(const Json& value, std::string_view problem) {
    std::string id = value.as_string();
    if (is_bus_id(id)) return id;
    throw ConfigError(value, cat(problem, " ", id, " not found or unsupported"),
                      cat(quote(value.path()), " needs the id of a device, such as 0000:00:1f.6"));
}

// nullopt where there is none, or "".
std::optional<Json> find_text(const Json& json, std::string_view key) {
    auto value = json.find(key);
    if (!value || value->as_string().empty()) return {};
    return value;
}

}  // namespace

bool Config::names_none() const {
    return device.empty() && address.bytes.empty() && kernel_path.empty() && pci_id.empty() &&
           device_id.empty();
}

Error no_device() {
    return Error(Code::invalid_config,
                 "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"",
                 "or have the runtime say which, by the capability deviceID");
}

Config parse_config(const NetConf& conf) {
    const Json& json = conf.json;
    Config config;
    if (const auto name = find_text(json, "device"))
        config.device = parse_name(*name);
    else if (const auto address = find_text(json, "hwaddr"))
        config.address = parse_address(*address);
    else if (const auto path = find_text(json, "kernelpath"))
        config.kernel_path = parse_kernel_path(*path);
    if (const auto id = find_text(json, "pciBusID"))
        config.pci_id = parse_bus_id(*id, "PCI device");
    if (const auto id = conf.runtime_config("deviceID"); id && !id->as_string().empty())
        config.device_id = parse_bus_id(*id, "runtime config DeviceID");
    if (config.names_none() && !declares_capability(conf, "deviceID")) throw no_device();
    return config;
}

}  // namespace cni::host_device
